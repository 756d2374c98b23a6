package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// translate lets the help speak Korean to those who read Korean: what each command does, what each flag means. Longer
// explanations and examples stay in English, which the texts of the documents are in too.
func (a *App) translate(root *cobra.Command) {
	inherited := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if a.Lang == "ko" {
			inKorean(root)
		}
		inherited(cmd, args)
	})
}

func inKorean(cmd *cobra.Command) {
	if text, known := koreanShort[cmd.CommandPath()]; known {
		if cmd.Long != "" && cmd.Long != text {
			cmd.Long = text + "\n\n" + cmd.Long
		}
		cmd.Short = text
	}
	for _, group := range cmd.Groups() {
		if text, known := koreanGroups[group.ID]; known {
			group.Title = text
		}
	}
	each := func(flag *pflag.Flag) {
		if text, known := koreanFlags[cmd.Name()+" --"+flag.Name]; known {
			flag.Usage = text
		} else if text, known := koreanFlags["--"+flag.Name]; known {
			flag.Usage = text
		}
	}
	cmd.Flags().VisitAll(each)
	cmd.PersistentFlags().VisitAll(each)
	for _, sub := range cmd.Commands() {
		inKorean(sub)
	}
}

var koreanGroups = map[string]string{groupStack: "로컬 스택:", groupData: "데이터:", groupCampaign: "캠페인:"}

var koreanShort = map[string]string{
	"starter":                 "마케팅 캠페인을 스펙에서 리워드 지급까지 실행합니다",
	"starter up":              "로컬 스택을 켜고 Ctrl-C를 누를 때까지 실행합니다",
	"starter demo":            "모든 것을 켜고 예제 캠페인을 정산까지 리허설합니다",
	"starter install":         "스택에 필요한 것을 미리 설치합니다",
	"starter world":           "가상의 고객과 구매 내역을 만듭니다",
	"starter import":          "파일에서 고객, 상품, 거래를 가져옵니다",
	"starter keys":            "계획을 승인할 때 서명하는 키를 만듭니다",
	"starter keys new":        "승인자의 키를 만들고 정책에 넣을 줄을 보여 줍니다",
	"starter validate":        "캠페인 스펙을 점검해 잘못된 곳을 모두 보여 줍니다",
	"starter preview":         "시작하지 않고 누구에게 무엇을 제안할지 미리 봅니다",
	"starter rehearse":        "가상 고객으로 캠페인을 여러 번 실행해 결과를 예측합니다",
	"starter start":           "캠페인을 시작합니다. 계획을 세우고, 정책이 승인하지 않으면 담당자의 승인을 기다립니다",
	"starter approve":         "계획을 확인하고 본인의 키로 서명해 승인합니다",
	"starter pause":           "다시 시작할 때까지 발송과 지급을 멈춥니다",
	"starter resume":          "멈춘 캠페인을 이어서 실행합니다",
	"starter cancel":          "캠페인을 중단합니다. 이미 받은 고객은 정산합니다",
	"starter status":          "캠페인이 어디까지 왔는지, 무엇을 기다리는지, 할 일은 무엇인지 보여 줍니다",
	"starter report":          "캠페인 결과: 대상, 발송, 지급, 효과",
	"starter why":             "고객 한 명이 무엇을 왜 받았는지, 또는 왜 받지 못했는지 보여 줍니다",
	"starter power":           "대조군의 크기에 따라 볼 수 있는 최소 효과를 계산합니다",
	"starter decisions prune": "오래전에 끝난 캠페인의 고객별 결정을 삭제합니다",
	"starter erase":           "고객의 식별자, 이름, 연락처를 삭제합니다. 집계에는 번호만 남습니다",
	"starter decisions":       "캠페인의 모든 자동 결정과 그 이유를 CSV로 출력합니다",
	"starter learn":           "지난 캠페인에서 혜택에 대해 배운 것과 그 확실함, 다른 정책의 성과를 보여 줍니다",
	"starter ledger":          "캠페인의 장부: 잔액, 묶음, 검증",
	"starter settle":          "캠페인을 원하는 단계부터 다시 정산합니다",
	"starter payouts":         "사람이 처리해야 할 지급과 대사 차이",
	"starter coupons":         "쿠폰 코드 풀을 채우고, 누가 어떤 코드를 받았는지 봅니다",
	"starter provider":        "시험용 지급사 서버를 단독으로 실행합니다. 오작동을 시킬 수 있습니다",
	"starter webhooks":        "발송사의 수신 결과와 고객의 수신거부를 HTTP로 받습니다",
	"starter completion":      "셸 자동 완성 스크립트를 출력합니다",
	"starter help":            "명령의 도움말을 보여 줍니다",

	"starter rules":       "메시지가 지켜야 하는 규칙을 보여 줍니다",
	"starter rules list":  "기본 규칙이나 정책이 쓰는 규칙의 목록을 보여 줍니다",
	"starter rules show":  "규칙 하나의 내용을 보여 줍니다",
	"starter message":     "고객 한 명에게 보낸 글을 그대로 보여 줍니다",
	"starter rules check": "캠페인에 적용되는 규칙과 위반을 모두 보여 줍니다",

	"starter features":          "고객마다 무엇을 알고 있고 그것이 어떻게 변하는지 봅니다",
	"starter features list":     "기본 특성과 직접 정의한 특성을 모두 보여 줍니다",
	"starter features describe": "특성 하나의 뜻과 계산하는 SQL을 보여 줍니다",
	"starter features define":   "파일의 특성을 점검하고 적용합니다",
	"starter features snapshot": "한 시점의 스냅샷을 만들거나 다시 찾습니다",
	"starter features drift":    "두 스냅샷 사이에 특성이 얼마나 변했는지 봅니다",
}

var koreanFlags = map[string]string{
	"--help": "도움말", "--dir": "로컬 스택의 데이터 폴더 (DANBI_DIR)", "--lang": "보고서와 메시지의 언어: ko 또는 en (DANBI_LANG)",
	"--json": "결과를 JSON으로 출력", "--verbose": "모든 로그 출력", "--occurrence": "회차", "--as": "요청한 사람 (감사 기록)", "--why": "사유 (감사 기록)",
	"--raw":    "메일을 원문 그대로 보여 줍니다",
	"--policy": "정책 파일 (기본: 스펙과 같은 폴더나 그 위 폴더의 policy.yaml)",

	"preview --exact": "모든 고객을 보고 스냅샷을 새로 만듭니다. 수백만 명이면 몇 분이 걸립니다",
	"define --check":  "점검만 하고 아무것도 바꾸지 않습니다", "snapshot --as-of": "이 날짜(2006-01-02) 이전의 내역만 반영 (기본: 지금)", "snapshot --zone": "시간대를 모르는 고객의 시간대", "snapshot --currency": "금액의 통화",
	"drift --check":    "PSI가 0.25 이상인 특성이 있으면 실패로 끝냅니다",
	"start --rehearse": "이 날짜(2006-01-02)부터 리허설: 워크플로가 기다릴 때만 캠페인 시간이 흐릅니다", "start --speed": "리허설 속도: 기다리는 1초마다 흐르는 캠페인 시간(초). 0이면 기다리지 않습니다",
	"start --population": "리허설에서 가상 고객이 반응하며 살아갑니다", "start --replace": "아직 발송하지 않은 캠페인의 계획을 바꿉니다", "start --shards": "동시에 처리할 고객 구간 수 (0: 고객 수에 따라)",
	"approve --key": "개인 키 파일 (DANBI_KEY_FILE)", "approve --name": "정책의 승인자 목록에 있는 이름", "approve --valid": "승인의 유효 기간", "approve --hash": "확인한 계획의 해시 또는 그 앞부분 (기본: 지금 기다리는 계획)",
	"status --watch": "끝나거나 Ctrl-C를 누를 때까지 지켜봅니다",
	"report --html":  "이 파일에 웹 페이지로 저장", "why --reveal": "이름과 연락처를 가리지 않고 표시", "decisions --customer": "이 고객에 대한 결정만 (고객 번호나 #키)", "decisions --step": "이 단계만: run, audience, offer, hour, message, reward, payout", "ledger --head": "검증할 때 비교할 머리 해시",
	"import --check": "무엇을 할지만 보여 주고 바꾸지 않습니다", "import --data": "매핑에 적힌 파일이 있는 폴더", "import --max-rejects": "테이블마다 거부되어도 되는 행의 비율",
	"rehearse --runs": "리허설 횟수. 80% 구간에는 9번 이상이 필요합니다", "rehearse --customers": "실행마다 가상 고객 수", "rehearse --population": "예측할 실제 고객 수 (기본: 창고의 고객 수, 없으면 100,000)",
	"rehearse --seed": "첫 실행의 시드. 다음 실행은 하나씩 커집니다", "rehearse --usual-market": "매번 시장을 추첨하지 않고 기본값을 씁니다. 구간이 실제보다 좁아집니다", "rehearse --at-once": "동시에 실행할 수. 하나에 메모리 1GB쯤 씁니다", "rehearse --like": "이 폴더의 구매 기록에 맞춘 고객으로 리허설하고 나머지만 추첨합니다 (starter world --like)", "rehearse --mapping": "--like의 파일을 읽는 방법 (기본: examples/<폴더>/import.yaml)", "prune --years": "기간이 끝난 지 몇 년이 넘은 캠페인을 삭제할지", "prune --yes": "실제로 삭제합니다", "prune --as": "요청한 사람 (감사 기록)", "power --as-of": "이 날짜의 고객을 봅니다", "power --customers": "캠페인이 선정할 고객 수, 발송군과 대조군을 합해 (기본: 미리보기로 계산)", "power --mean": "집계 기간 중 고객당 지표의 평균 (창고의 값 대신; 구매 고객 비율이면 0~1)", "power --deviation": "고객 사이의 표준편차", "power --correlation": "이전 기간과의 상관, 0~1",
	"power --lift": "이 효과(%)를 보려면 대조군이 얼마나 필요한지도 계산합니다", "power --power": "찾아낼 확률",
	"rehearse --at": "일정이 있거나 시작할 때 기간이 열리는 스펙: 이 날짜부터 첫 기간을 리허설합니다 (기본: 지금부터)", "rehearse --folder": "실행하는 동안 데이터를 둘 폴더",
	"learn --policy": "이 지난 캠페인에서 다른 정책들을 평가합니다 (ID 또는 ID/회차)", "learn --currency": "이 통화의 캠페인", "learn --zone": "시간대가 없는 고객의 시간대",
	"learn --as-of": "이 날짜(2006-01-02)까지 끝난 캠페인만", "learn --margin": "이용액에서 남는 비율 (스펙을 모르는 캠페인에 적용)",
	"preview --as-of": "특성, 수신 동의, 발송 횟수 제한의 기준 날짜 (2006-01-02)",
	"world --like":    "이 폴더의 구매 기록에 맞출 수 있는 것을 맞춥니다", "world --mapping": "--like의 파일을 읽는 방법 (기본: examples/<폴더>/import.yaml)", "world --html": "--like의 비교를 이 파일에 웹 페이지로 저장", "world --compare": "--like와 비교만 하고 세계는 만들지 않습니다",
	"world --months": "살아온 달 수", "world --past-campaigns": "지난 캠페인 수: 0~2", "world --replace": "있던 세계와 그 캠페인을 모두 버립니다", "world --until": "살아온 마지막 날짜. 리허설은 여기서 시작합니다",
	"--customers": "가상 고객 수", "--seed": "시드가 다르면 다른 고객이 됩니다",
	"demo --spec": "실행할 캠페인", "demo --import": "가상 고객 대신 이 매핑 파일로 실제 데이터를 가져옵니다", "demo --data": "가져올 데이터의 폴더", "demo --from": "리허설 시작일 (기본: 기간의 첫날)", "demo --exit": "켜 두지 않고 캠페인과 함께 끝냅니다",
	"settle --from": "첫 단계: qualify, post, pay, reconcile, claw-back", "coupons --reveal": "코드를 가리지 않고 CSV로 씁니다", "settle --until": "마지막 단계", "settle --explain": "이 고객의 구매가 어떻게 집계됐는지 보여 주고 정산은 하지 않습니다", "payouts --to": "담당자", "payouts --paid": "지급사에서 지급을 확인했습니다", "payouts --forgo": "거절된 지급을 포기합니다", "ledger --at": "이 시각(캠페인 시간)의 잔액: 2006-01-02 또는 2006-01-02T15:04",
	"provider --listen": "기다릴 주소", "webhooks --listen": "기다릴 주소", "provider --data": "지급 내역을 두는 폴더",
	"demo --months": "캠페인 시작 전까지 고객이 살아온 달 수",
	"up --without":  "시작하지 않을 부분: engine, temporal, sink, worker", "up --namespace": "Temporal 네임스페이스 (TEMPORAL_NAMESPACE, 없으면 default)",
	"new --out": "개인 키 파일 (기본: NAME.key)",
}
