package main

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is said about a bad setting is the first thing that a person who installs this reads, so it
// is held here word by word.
func TestBadSettings(t *testing.T) {
	t.Parallel()

	development := map[string]string{"PAYGATE_DEVELOPMENT": "true"}
	for name, tt := range map[string]struct {
		args []string
		env  map[string]string
		says string
	}{
		"UnknownCommand": {args: []string{"pay"}, says: "unexpected argument pay"},
		"UnknownFlag":    {args: []string{"worker", "--rescue"}, says: "unknown flag --rescue"},
		"FlagOfAnother":  {args: []string{"migrate", "--api-addr=:1"}, says: "unknown flag --api-addr"},
		"NotABool": {
			args: []string{"api"}, env: map[string]string{"PAYGATE_DEVELOPMENT": "perhaps"},
			says: `PAYGATE_DEVELOPMENT: bool value must be true, 1, yes, false, 0 or no but got "perhaps"`,
		},
		"NoDuration": {
			args: []string{"worker"}, env: map[string]string{"RIVER_RESCUE_AFTER": "120"},
			says: `RIVER_RESCUE_AFTER: "120" is not a duration such as 500ms, 30s or 2m`,
		},
		"NoDurationByFlag": {
			args: []string{"worker", "--river-rescue-after=soon"}, env: map[string]string{"RIVER_RESCUE_AFTER": "120"},
			says: `--river-rescue-after: "soon" is not a duration such as 500ms, 30s or 2m`,
		},
		"TooShort": {
			args: []string{"worker"}, env: map[string]string{"WEBHOOK_TIMEOUT": "1ms"},
			says: "WEBHOOK_TIMEOUT: 1ms is too short; permitted is 100ms or more",
		},
		"TooLong": {
			args: []string{"worker"}, env: map[string]string{"RIVER_JOB_TIMEOUT": "2h"},
			says: "RIVER_JOB_TIMEOUT: 2h is too long; permitted is 1s to 1h",
		},
		"Negative": {
			args: []string{"dev"}, env: map[string]string{"PROCESSOR_LATENCY_MIN": "-1s"},
			says: "PROCESSOR_LATENCY_MIN: -1s is too short; permitted is 0s or more",
		},
		"RescueWithinTimeout": {
			args: []string{"worker"}, env: map[string]string{"RIVER_RESCUE_AFTER": "1m"},
			says: "RIVER_RESCUE_AFTER (1m0s) must be more than RIVER_JOB_TIMEOUT (1m0s)",
		},
		"WebhookBeyondJob": {
			args: []string{"worker"}, env: map[string]string{"WEBHOOK_TIMEOUT": "1m"},
			says: "WEBHOOK_TIMEOUT (1m0s) must be less than RIVER_JOB_TIMEOUT (1m0s)",
		},
		"LatencyBeyondJob": {
			args: []string{"dev"}, env: map[string]string{"PROCESSOR_LATENCY_MIN": "90s"},
			says: "PROCESSOR_LATENCY_MAX (1m30s) must be less than RIVER_JOB_TIMEOUT (1m0s)",
		},
		"NoSchedule": {
			args: []string{"worker"}, env: map[string]string{"WEBHOOK_RETRY_SCHEDULE": "0s,later"},
			says: `WEBHOOK_RETRY_SCHEDULE: "later" is not a pause such as 5s, 1m or 2h`,
		},
		"ScheduleThatWaits": {
			args: []string{"worker"}, env: map[string]string{"WEBHOOK_RETRY_SCHEDULE": "5s,1m"},
			says: "WEBHOOK_RETRY_SCHEDULE: the first pause of a schedule must be 0s: an event is sent at once",
		},
		"NoSuchQueue": {
			args: []string{"worker", "--queues=payment=200"},
			says: `--queues: "payment=200" names no queue: there are maintenance, payments, webhooks`,
		},
		"QueueWithoutSize": {
			args: []string{"worker"}, env: map[string]string{"PAYGATE_QUEUES": "payments=200, webhooks"},
			says: `PAYGATE_QUEUES: "webhooks" is not a queue and a number up to 10000, such as payments=200`,
		},
		"QueueTwice": {
			args: []string{"worker"}, env: map[string]string{"PAYGATE_QUEUES": "payments=200,payments=1"},
			says: `PAYGATE_QUEUES: payments is named twice`,
		},
		"NoQueue": {
			args: []string{"worker"}, env: map[string]string{"PAYGATE_QUEUES": "payments=0"},
			says: `PAYGATE_QUEUES: with it no queue would be worked`,
		},
		"NoRange": {
			args: []string{"api"}, env: map[string]string{"WEBHOOK_ALLOW_CIDRS": "10.0.0.0/8, 192.168.0.1"},
			says: `WEBHOOK_ALLOW_CIDRS: "192.168.0.1" is not a range such as 10.0.0.0/8`,
		},
		"RateAboveOne": {
			args: []string{"worker"}, env: map[string]string{"CARD_SUCCESS_RATE": "1.5"},
			says: `CARD_SUCCESS_RATE: "1.5" is not a share from 0 to 1, such as 0.95`,
		},
		"RateInPercent": {
			args: []string{"worker"}, env: map[string]string{"UPI_SUCCESS_RATE": "95%"},
			says: `UPI_SUCCESS_RATE: "95%" is not a share from 0 to 1, such as 0.95`,
		},
		"RateThatIsNoNumber": {
			args: []string{"worker"}, env: map[string]string{"UPI_SUCCESS_RATE": "NaN"},
			says: `UPI_SUCCESS_RATE: "NaN" is not a share from 0 to 1, such as 0.95`,
		},
		"NoLevel": {
			args: []string{"worker"}, env: map[string]string{"PAYGATE_LOG_LEVEL": "loud"},
			says: `PAYGATE_LOG_LEVEL: "loud" is not one of debug, info, warn and error`,
		},
		"NoFormat": {
			args: []string{"worker"}, env: map[string]string{"PAYGATE_LOG_FORMAT": "xml"},
			says: `PAYGATE_LOG_FORMAT: "xml" is not one of json and text`,
		},
		"NoExporter": {
			args: []string{"api"}, env: map[string]string{"OTEL_TRACES_EXPORTER": "jaeger"},
			says: `OTEL_TRACES_EXPORTER: "jaeger" is not one of otlp and none`,
		},
		"NoProtocol": {
			args: []string{"api"}, env: map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"},
			says: `OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" is not http/protobuf, which alone is spoken: collectors take it on port 4318`,
		},
		"NoCollector": {
			args: []string{"worker"}, env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318"},
			says: `OTEL_EXPORTER_OTLP_ENDPOINT: "localhost:4318" is not a URL such as http://localhost:4318`,
		},
		"NoSampler": {
			args: []string{"dev"}, env: map[string]string{"OTEL_TRACES_SAMPLER": "sometimes"},
			says: `OTEL_TRACES_SAMPLER: "sometimes" is not one of always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off and parentbased_traceidratio`,
		},
		"SampledMoreThanAll": {
			args: []string{"dev"}, env: map[string]string{"OTEL_TRACES_SAMPLER_ARG": "2"},
			says: `OTEL_TRACES_SAMPLER_ARG: "2" is not a share from 0 to 1, such as 0.95`,
		},
		"NoHeaders": {
			args: []string{"api"}, env: map[string]string{"OTEL_EXPORTER_OTLP_HEADERS": "tenant=1,Bearer hunter2"},
			says: `OTEL_EXPORTER_OTLP_HEADERS: part 2 is not such as name=value`,
		},
		"NoAddress": {
			args: []string{"receiver"}, env: map[string]string{"PAYGATE_RECEIVER_ADDR": "4000"},
			says: `PAYGATE_RECEIVER_ADDR: "4000" is not an address such as 127.0.0.1:8000, or :8000 for every network`,
		},
		"NoPort": {
			args: []string{"receiver"}, env: map[string]string{"PAYGATE_RECEIVER_ADDR": "localhost:http"},
			says: `PAYGATE_RECEIVER_ADDR: "localhost:http" has no port from 0 to 65535`,
		},
		"ServerThatCannotBeOff": {
			args: []string{"receiver"}, env: map[string]string{"PAYGATE_RECEIVER_ADDR": "off"},
			says: `PAYGATE_RECEIVER_ADDR: "off" is not an address such as 127.0.0.1:8000, or :8000 for every network`,
		},
		"AddressOfAnotherMachine": {
			args: []string{"receiver"}, env: map[string]string{"PAYGATE_RECEIVER_ADDR": "192.0.2.1:4000"},
			says: "PAYGATE_RECEIVER_ADDR: listen tcp 192.0.2.1:4000: bind: cannot assign requested address",
		},
		"NoDatabaseURL": {
			args: []string{"migrate"}, env: map[string]string{"DATABASE_URL": "mysql://root:hunter2@db/paygate"},
			says: "DATABASE_URL: not such as postgres://user:password@host:5432/paygate",
		},
		"NoRedisURL": {
			args: []string{"api"}, env: map[string]string{"REDIS_URL": "http://:hunter2@cache:6379"},
			says: "REDIS_URL: not such as redis://user:password@host:6379/0, redis+sentinel://host:26379,host:26379/0?master_name=NAME or redis+cluster://host:6379,host:6379",
		},
		"MissingRedisURL": {
			args: []string{"api"}, env: development,
			says: "REDIS_URL is not set: give one such as redis://localhost:6379/0",
		},
		"MissingKeys": {
			args: []string{"worker"}, env: map[string]string{"DATABASE_URL": "postgres://nowhere.invalid/paygate"},
			says: "PAYGATE_ENCRYPTION_KEYS is not set: make a key with `echo main:$(openssl rand -base64 32)`, or set PAYGATE_DEVELOPMENT=true to try things out",
		},
		"EmptyIsMissing": {
			args: []string{"worker"}, env: map[string]string{"PAYGATE_ENCRYPTION_KEYS": "", "PAYGATE_DEVELOPMENT": "", "RIVER_RESCUE_AFTER": ""},
			says: "PAYGATE_ENCRYPTION_KEYS is not set: make a key with `echo main:$(openssl rand -base64 32)`, or set PAYGATE_DEVELOPMENT=true to try things out",
		},
		"ShortKey": {
			args: []string{"worker"}, env: map[string]string{"PAYGATE_ENCRYPTION_KEYS": "main:aHVudGVyMg=="},
			says: "PAYGATE_ENCRYPTION_KEYS: key 1 (main) has 7 bytes, not 32; `openssl rand -base64 32` prints a key",
		},
		"KeyWithoutName": {
			args: []string{"seed"}, env: map[string]string{"PAYGATE_ENCRYPTION_KEYS": "hunter2"},
			says: "PAYGATE_ENCRYPTION_KEYS: key 1 has no id; keys are written id:base64",
		},
		"DevelopmentKey": {
			args: []string{"worker"}, env: map[string]string{"PAYGATE_ENCRYPTION_KEYS": "main:" + publicKey},
			says: "PAYGATE_ENCRYPTION_KEYS holds the development key, which everybody knows: make one with `echo main:$(openssl rand -base64 32)`",
		},
		"OpenSandbox": {
			args: []string{"api"}, env: map[string]string{"PAYGATE_SANDBOX_OPEN": "true"},
			says: "PAYGATE_SANDBOX_OPEN lets anybody act for the demo merchant: it needs PAYGATE_DEVELOPMENT=true",
		},
		"SeedInProduction": {
			args: []string{"seed"},
			says: "seed makes a merchant whose keys everybody knows: it needs PAYGATE_DEVELOPMENT=true",
		},
		"NoURL": {
			args: []string{"seed"}, env: map[string]string{"PAYGATE_RECEIVER_URL": "localhost:4000/webhook"},
			says: `PAYGATE_RECEIVER_URL: "localhost:4000/webhook" is not a URL such as https://example.com/webhook`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := call(t, tt.env, tt.args...)
			require.Equal(t, "paygate: "+tt.says+"\n", got.stderr)
			require.Equal(t, exitUsage, got.status)
			require.Empty(t, got.stdout)
			require.NotContains(t, got.stderr, "hunter2")
		})
	}
}

// publicKey is the key that the keyring makes for development.
const publicKey = "wiO3wEHd91AUBjqPFlT21j/0jkfDPKyEcab+cJv2zbo="

func TestMissingDatabaseURL(t *testing.T) {
	t.Parallel()

	// The folder of this test is not one that dev was started in.
	for _, args := range [][]string{{"migrate"}, {"doctor"}, {"seed", "--development"}, {"worker", "--development"}} {
		got := call(t, nil, args...)
		require.Equal(t, "paygate: DATABASE_URL is not set, and no `paygate dev` is running in this folder\n", got.stderr)
		require.Equal(t, exitUsage, got.status)
	}
}

func TestValuesMayBeAsPeopleWriteThem(t *testing.T) {
	t.Parallel()

	selected, err := parse([]string{"dev", "--no-sandbox-open", "--admin-addr=off", "--card-success-rate=0"}, lookupIn(map[string]string{
		"CARD_SUCCESS_RATE":        "0.5", // the flag wins
		"PAYGATE_LOG_LEVEL":        "WARN",
		"PAYGATE_RECEIVER_SECRETS": "one,two",
		"PAYGATE_SANDBOX_OPEN":     "true",
		"UPI_SUCCESS_RATE":         "1.0",
		"WEBHOOK_ALLOW_CIDRS":      " 10.0.0.0/8 , fc00::/7",
		"WEBHOOK_RETRY_SCHEDULE":   "0s, 1m",
		"PAYGATE_ENCRYPTION_KEYS":  "main:" + base64.StdEncoding.EncodeToString(make([]byte, 32)) + ", old:" + publicKey,
	}), nil)
	require.NoError(t, err)
	dev, ok := selected.(*devCommand)
	require.True(t, ok)
	require.False(t, dev.SandboxOpen)
	require.Empty(t, dev.AdminAddr.address)
	require.Zero(t, dev.CardSuccessRate)
	require.Equal(t, "WARN", dev.LogLevel.String())
	require.Equal(t, []string{"one", "two"}, dev.ReceiverSecrets)
	require.InDelta(t, 1, float64(dev.UPISuccessRate), 0)
	require.Len(t, dev.AllowCIDRs, 2)
	require.Len(t, dev.RetrySchedule, 2)
	require.True(t, dev.EncryptionKeys.ring.IsDevelopment())
}
