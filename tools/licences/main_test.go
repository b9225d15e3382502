package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIdentify(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		"The MIT License\n\nPermission is hereby granted, free of charge, to any\nperson obtaining a copy of this":              "MIT",
		"                                 Apache License\n                           Version 2.0, January 2004":                 "Apache-2.0",
		"Mozilla Public License Version 2.0\n==================\n ... means either the GNU General Public License, Version 2.0": "MPL-2.0",
		"                    GNU GENERAL PUBLIC LICENSE\n                       Version 3, 29 June 2007":                        "GPL",
		"GNU AFFERO GENERAL PUBLIC LICENSE Version 3":                                                                           "AGPL",
		"Business Source License 1.1": "BUSL",
		"Redistributions in binary form must reproduce the above\n ... Neither the name of Google": "BSD-3-Clause",
		"Redistributions in binary form must reproduce the above copyright":                        "BSD-2-Clause",
		"All rights reserved.": "unknown",
		"":                     "unknown",
	} {
		require.Equal(t, want, identify(text), text)
	}
}

func TestLicenceIn(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	licence, err := licenceIn(folder)
	require.NoError(t, err)
	require.Error(t, refuse([]part{{"a module without a licence", licence}}))

	require.NoError(t, os.WriteFile(filepath.Join(folder, "LICENSE"), []byte("Apache License Version 2.0"), 0o600))
	licence, err = licenceIn(folder)
	require.NoError(t, err)
	require.NoError(t, refuse([]part{{"x", licence}}))

	// What was taken over from elsewhere counts too.
	require.NoError(t, os.WriteFile(filepath.Join(folder, "LICENSE.other"), []byte("GNU Affero General Public License"), 0o600))
	licence, err = licenceIn(folder)
	require.NoError(t, err)
	err = refuse([]part{{"x", licence}, {"y", "MIT"}})
	require.ErrorContains(t, err, `x has the licence "AGPL AND Apache-2.0"`)
	require.NotContains(t, err.Error(), "y has")
}
