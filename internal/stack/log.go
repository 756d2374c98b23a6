package stack

import (
	"io"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// jsonLog writes a JSON line per entry to w.
func jsonLog(w io.Writer) zapcore.Core {
	encoder := zap.NewProductionEncoderConfig()
	encoder.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	return zapcore.NewCore(zapcore.NewJSONEncoder(encoder), zapcore.Lock(zapcore.AddSync(w)), zapcore.InfoLevel)
}

// withFile lets log write to w too. A nil log becomes one that writes to w alone.
func withFile(log *zap.Logger, w io.Writer) *zap.Logger {
	if log == nil {
		return zap.New(jsonLog(w))
	}
	return log.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core { return zapcore.NewTee(core, jsonLog(w)) }))
}
