# Solves a model file's LP relaxation by HiGHS with presolve, and its whole-number problem within a time limit; prints JSON.
import json, math, sys, time
import highspy

model, limit = sys.argv[1], float(sys.argv[2])
out = {"version": highspy.Highs().version()}


def solve(relaxed):
    h = highspy.Highs()
    h.setOptionValue("output_flag", False)
    h.setOptionValue("presolve", "on")
    h.setOptionValue("solve_relaxation", relaxed)
    h.setOptionValue("time_limit", limit)
    h.readModel(model)
    wall, cpu = time.perf_counter(), time.process_time()
    h.run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    info = h.getInfo()
    found = math.isfinite(info.objective_function_value)  # a whole-number search may end with nothing in hand
    return {"objective": -info.objective_function_value if found else 0, "seconds": wall, "cpu_seconds": cpu,
            "status": h.modelStatusToString(h.getModelStatus()), "gap": info.mip_gap if math.isfinite(info.mip_gap) else -1}


out["lp"] = solve(True)
out["mip"] = solve(False)
print(json.dumps(out))
