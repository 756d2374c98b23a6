-- From here on an import is decided: whoever finds it running finishes it.
INSERT INTO imports (import, target, file, bytes, rows, rejected, state, at)
