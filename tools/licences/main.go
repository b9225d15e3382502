// Command licences lists what the product ships of others (the modules that the binary is linked from, the packages that the front ends
// are built of) with their licences, and fails when one is not among those permitted.
//
//	go run ./tools/licences          # fails when docs/licences.md does not say so
//	go run ./tools/licences -write   # writes it
//
// It reads what is on the machine: the module cache and the lock files. Versions are left out, so that the list changes
// when something comes or goes, or changes its licence.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const document = "docs/licences.md"

// permitted are the licences that a product under Apache-2.0 can ship. MPL-2.0 asks for the source of its own files alone.
var permitted = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MPL-2.0", "PSF-2.0", "Unlicense", "public domain"}

// part is what somebody else made.
type part struct{ name, licence string }

func main() {
	write := flag.Bool("write", false, "write "+document)
	flag.Parse()
	if err := run(*write); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

func run(write bool) error {
	modules, err := linkedModules()
	if err != nil {
		return err
	}
	packages, err := shippedPackages()
	if err != nil {
		return err
	}
	if err := refuse(slices.Concat(modules, packages)); err != nil {
		return err
	}
	text := render(modules, packages)
	if write {
		if err := os.WriteFile(document, text, 0o644); err != nil { //nolint:gosec // a document
			return fmt.Errorf("error writing the list: %w", err)
		}
		return nil
	}
	now, err := os.ReadFile(document)
	if err != nil {
		return fmt.Errorf("error reading the list: %w", err)
	}
	if !bytes.Equal(now, text) {
		return fmt.Errorf("%s is not what is shipped; look at what has changed, then: go run ./tools/licences -write", document)
	}
	return nil
}

// refuse names every part whose licence is not permitted.
func refuse(parts []part) error {
	var errs []error
	for _, p := range parts {
		if slices.ContainsFunc(strings.Split(p.licence, " AND "), func(licence string) bool { return !slices.Contains(permitted, licence) }) {
			errs = append(errs, fmt.Errorf("%s has the licence %q, which is not among those permitted: %s", p.name, p.licence, strings.Join(permitted, ", ")))
		}
	}
	return errors.Join(errs...)
}

// linkedModules are those that the binary has code of.
func linkedModules() ([]part, error) {
	list := exec.Command("go", "list", "-deps", "-json=Module", "./cmd/paygate") //nolint:noctx // as long as it takes
	list.Stderr = os.Stderr
	output, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("error listing modules: %w", err)
	}
	found := make(map[string]string)
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var pkg struct {
			Module *struct {
				Path string `json:"Path"`
				Dir  string `json:"Dir"`
				Main bool   `json:"Main"`
			} `json:"Module"`
		}
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("error reading the list of modules: %w", err)
		}
		if m := pkg.Module; m != nil && !m.Main && found[m.Path] == "" {
			if found[m.Path], err = licenceIn(m.Dir); err != nil {
				return nil, err
			}
		}
	}
	return sorted(found), nil
}

// licenceIn tells which licence a folder's files of that name hold; several are joined by AND.
func licenceIn(folder string) (string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", fmt.Errorf("error looking for a licence: %w", err)
	}
	var all []string
	for _, entry := range entries {
		name := strings.ToUpper(entry.Name())
		if entry.IsDir() || !strings.HasPrefix(name, "LICENSE") && !strings.HasPrefix(name, "LICENCE") && !strings.HasPrefix(name, "COPYING") && name != "UNLICENSE" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return "", fmt.Errorf("error reading a licence: %w", err)
		}
		all = append(all, identify(string(text)))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " AND "), nil
}

// sentences are what only one licence says.
var sentences = []struct{ says, licence string }{
	{"GNU AFFERO GENERAL PUBLIC LICENSE", "AGPL"},
	{"GNU LESSER GENERAL PUBLIC LICENSE", "LGPL"},
	{"GNU GENERAL PUBLIC LICENSE", "GPL"},
	{"Business Source License", "BUSL"},
	{"Server Side Public License", "SSPL"},
	{"Mozilla Public License Version 2.0", "MPL-2.0"},
	{"Mozilla Public License, version 2.0", "MPL-2.0"},
	{"Apache License Version 2.0", "Apache-2.0"},
	{"free and unencumbered software released into the public domain", "Unlicense"},
	{"All these files have been put into the public domain", "public domain"},
	{"Neither the name of", "BSD-3-Clause"},
	{"Redistributions in binary form must reproduce", "BSD-2-Clause"},
	{"Permission is hereby granted, free of charge, to any person obtaining a copy", "MIT"},
	{"Permission to use, copy, modify, and/or distribute this software for any purpose", "ISC"},
	{"Permission to use, copy, modify, and distribute this software for any purpose", "ISC"},
}

// identify reads a licence as its words, however they are broken into lines. What it does not know is "unknown", which is
// not permitted. A file with several (one for code, one for what was taken over) counts as the strictest.
func identify(text string) string {
	words := strings.ToLower(strings.Join(strings.Fields(text), " "))
	for _, s := range sentences {
		says := strings.ToLower(s.says)
		// MPL and Apache name the GPL in their clauses about others; a licence is named in its own beginning.
		if strings.HasSuffix(s.licence, "GPL") {
			if at := strings.Index(words, says); at >= 0 && at < 40 {
				return s.licence
			}
			continue
		}
		if strings.Contains(words, says) {
			return s.licence
		}
	}
	return "unknown"
}

// shippedPackages are those that the front ends' builds may take code of: what a lock file has beside tools.
func shippedPackages() ([]part, error) {
	locks, err := filepath.Glob("*/package-lock.json")
	if err != nil {
		return nil, fmt.Errorf("error looking for lock files: %w", err)
	}
	found := make(map[string]string)
	for _, path := range locks {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("error reading a lock file: %w", err)
		}
		var lock struct {
			Packages map[string]struct {
				Dev     bool   `json:"dev"`
				License string `json:"license"`
			} `json:"packages"`
		}
		if err := json.Unmarshal(text, &lock); err != nil {
			return nil, fmt.Errorf("error reading %s: %w", path, err)
		}
		for at, p := range lock.Packages {
			if _, name, ok := strings.Cut(at, "node_modules/"); ok && !p.Dev {
				found[name] = p.License
			}
		}
	}
	return sorted(found), nil
}

func sorted(found map[string]string) []part {
	parts := make([]part, 0, len(found))
	for name, licence := range found {
		parts = append(parts, part{name, licence})
	}
	slices.SortFunc(parts, func(a, b part) int { return strings.Compare(a.name, b.name) })
	return parts
}

func render(modules, packages []part) []byte {
	var b bytes.Buffer
	b.WriteString("# Licences\n\nWhat Paygate ships of others, and under which licence. Written by `go run ./tools/licences -write`; `make verify` compares, and fails\n" +
		"for a licence that is not one of: " + strings.Join(permitted, ", ") + ".\n")
	for _, list := range []struct {
		title string
		parts []part
	}{{"Go modules in the binary", modules}, {"npm packages in the front ends", packages}} {
		fmt.Fprintf(&b, "\n## %s\n\n| | licence |\n|---|---|\n", list.title)
		for _, p := range list.parts {
			fmt.Fprintf(&b, "| %s | %s |\n", p.name, p.licence)
		}
	}
	return b.Bytes()
}
