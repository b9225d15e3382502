package signature_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/webhooks/signature"
)

func TestVerify(t *testing.T) {
	t.Parallel()

	type delivery struct {
		verifier signature.Verifier
		header   http.Header
		body     string
	}
	const tolerance = signature.DefaultTolerance
	at := time.Unix(seconds, 0)
	clock := func(now time.Time) func(*delivery) {
		return func(d *delivery) { d.verifier.Now = func() time.Time { return now } }
	}
	set := func(name, value string) func(*delivery) {
		return func(d *delivery) { d.header.Set(name, value) }
	}
	remove := func(name string) func(*delivery) {
		return func(d *delivery) { d.header.Del(name) }
	}

	missing := func(name string) error { return &signature.MissingHeaderError{Header: name} }
	malformed := func(name, reason string) error {
		return &signature.MalformedHeaderError{Header: name, Reason: reason}
	}
	const notSeconds = "is not a time in Unix seconds"
	const notVisible = "may hold visible ASCII characters only, and no dot"

	for name, test := range map[string]struct {
		change func(*delivery)
		err    error // compared with errors.Is, or as a whole where it has data
	}{
		"Valid":               {func(*delivery) {}, nil},
		"SecretWithoutPrefix": {func(d *delivery) { d.verifier.Secrets = parse(t, strings.TrimPrefix(secret1, "whsec_")) }, nil},
		"AmongOthers": {set("webhook-signature", strings.Join([]string{
			wrongValue, "v2," + value1[3:], "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw", value1, "v2," + wrongValue[3:],
		}, " ")), nil},
		"OldSecretDuringRotation": {func(d *delivery) { d.verifier.Secrets = parse(t, secret2, secret1) }, nil},
		"SignedWithBoth": {func(d *delivery) {
			d.verifier.Secrets = parse(t, secret2)
			d.header.Set("webhook-signature", value1+" "+value12)
		}, nil},
		"OtherHeaders":  {set("x-webhook-signature", "wrong"), nil},
		"JustInTime":    {clock(at.Add(tolerance)), nil},
		"JustNotTooNew": {clock(at.Add(-tolerance)), nil},
		"OwnTolerance": {func(d *delivery) {
			d.verifier.Tolerance = time.Hour
			clock(at.Add(time.Hour))(d)
		}, nil},

		"NoID":              {remove("webhook-id"), missing("webhook-id")},
		"NoTimestamp":       {remove("webhook-timestamp"), missing("webhook-timestamp")},
		"NoSignature":       {remove("webhook-signature"), missing("webhook-signature")},
		"EmptyID":           {set("webhook-id", ""), missing("webhook-id")},
		"EmptyTimestamp":    {set("webhook-timestamp", ""), missing("webhook-timestamp")},
		"EmptySignature":    {set("webhook-signature", ""), missing("webhook-signature")},
		"TwoIDs":            {func(d *delivery) { d.header.Add("webhook-id", id1) }, malformed("webhook-id", "is given more than once")},
		"TwoTimestamps":     {func(d *delivery) { d.header.Add("webhook-timestamp", "1614265330") }, malformed("webhook-timestamp", "is given more than once")},
		"TwoSignatures":     {func(d *delivery) { d.header.Add("webhook-signature", value1) }, malformed("webhook-signature", "is given more than once")},
		"DotInID":           {set("webhook-id", "msg.1"), malformed("webhook-id", notVisible)},
		"SpaceInID":         {set("webhook-id", "msg 1"), malformed("webhook-id", notVisible)},
		"LongID":            {set("webhook-id", strings.Repeat("x", 1000)), malformed("webhook-id", "has 1000 characters; 1 to 256 are allowed")},
		"TimestampText":     {set("webhook-timestamp", "yesterday"), malformed("webhook-timestamp", notSeconds)},
		"TimestampRFC3339":  {set("webhook-timestamp", "2021-02-25T15:02:10Z"), malformed("webhook-timestamp", notSeconds)},
		"TimestampDecimal":  {set("webhook-timestamp", "1614265330.0"), malformed("webhook-timestamp", notSeconds)},
		"TimestampSigned":   {set("webhook-timestamp", "+1614265330"), malformed("webhook-timestamp", notSeconds)},
		"TimestampNegative": {set("webhook-timestamp", "-1614265330"), malformed("webhook-timestamp", notSeconds)},
		"TimestampZeros":    {set("webhook-timestamp", "01614265330"), malformed("webhook-timestamp", notSeconds)},
		"TimestampSpace":    {set("webhook-timestamp", " 1614265330"), malformed("webhook-timestamp", notSeconds)},
		"TimestampMillis":   {set("webhook-timestamp", "1614265330000"), malformed("webhook-timestamp", notSeconds)},
		"TimestampHuge":     {set("webhook-timestamp", "99999999999999999999"), malformed("webhook-timestamp", notSeconds)},

		"TooOld":         {clock(at.Add(tolerance + time.Nanosecond)), signature.ErrTooOld},
		"FarTooOld":      {clock(at.AddDate(900, 0, 0)), signature.ErrTooOld},
		"TooNew":         {clock(at.Add(-tolerance - time.Nanosecond)), signature.ErrTooNew},
		"TooNewBySecond": {clock(at.Add(-tolerance - time.Second)), signature.ErrTooNew},
		"FarTooNew":      {set("webhook-timestamp", "253402300799"), signature.ErrTooNew},
		"RealClock":      {func(d *delivery) { d.verifier.Now = nil }, signature.ErrTooOld},

		"WrongSignature":      {set("webhook-signature", wrongValue), signature.ErrNoMatch},
		"EmptyEntry":          {set("webhook-signature", "v1,"), signature.ErrNoMatch},
		"NoVersion":           {set("webhook-signature", value1[3:]), signature.ErrNoMatch},
		"OtherVersion":        {set("webhook-signature", "v2,"+value1[3:]), signature.ErrNoMatch},
		"AsymmetricVersion":   {set("webhook-signature", "v1a,"+value1[3:]), signature.ErrNoMatch},
		"CommaSeparated":      {set("webhook-signature", wrongValue+","+value1), signature.ErrNoMatch},
		"Unpadded":            {set("webhook-signature", strings.TrimSuffix(value1, "=")), signature.ErrNoMatch},
		"Garbage":             {set("webhook-signature", " , v1 v1,, ,v1,"), signature.ErrNoMatch},
		"OtherBody":           {func(d *delivery) { d.body += " " }, signature.ErrNoMatch},
		"OtherID":             {set("webhook-id", "msg_other"), signature.ErrNoMatch},
		"OtherTimestamp":      {set("webhook-timestamp", "1614265331"), signature.ErrNoMatch},
		"OtherSecret":         {func(d *delivery) { d.verifier.Secrets = parse(t, secret2) }, signature.ErrNoMatch},
		"NoSecrets":           {func(d *delivery) { d.verifier.Secrets = nil }, signature.ErrNoSecret},
		"ZeroSecret":          {func(d *delivery) { d.verifier.Secrets = []signature.Secret{{}} }, signature.ErrNoSecret},
		"ZeroSecretAmongGood": {func(d *delivery) { d.verifier.Secrets = append(d.verifier.Secrets, signature.Secret{}) }, signature.ErrNoSecret},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			d := &delivery{
				verifier: signature.Verifier{Secrets: parse(t, secret1)},
				header:   http.Header{},
				body:     body1,
			}
			clock(at)(d)
			d.header.Set("webhook-id", id1)
			d.header.Set("webhook-timestamp", "1614265330")
			d.header.Set("webhook-signature", value1)
			test.change(d)

			err := d.verifier.Verify(d.header, []byte(d.body))
			switch want := test.err.(type) { //nolint:errorlint // the wanted error itself, never wrapped
			case nil:
				require.NoError(t, err)
			case *signature.MissingHeaderError, *signature.MalformedHeaderError:
				require.Equal(t, want, err)
			default:
				require.ErrorIs(t, err, want)
			}
		})
	}
}

func TestVerifySaysHowFarTheClocksAreApart(t *testing.T) {
	t.Parallel()

	header := http.Header{}
	at := time.Unix(seconds, 0)
	require.NoError(t, signature.Sign(header, id1, at, []byte(body1), parse(t, secret1)...))

	verifier := signature.Verifier{Secrets: parse(t, secret1)}
	verifier.Now = func() time.Time { return at.Add(330 * time.Minute) }
	require.EqualError(t, verifier.Verify(header, []byte(body1)), "the timestamp is too old: 5h30m0s old, where 5m0s are allowed")
	verifier.Now = func() time.Time { return at.Add(-6 * time.Minute) }
	require.EqualError(t, verifier.Verify(header, []byte(body1)), "the timestamp is too new: 6m0s ahead, where 5m0s are allowed")
}
