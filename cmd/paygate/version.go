package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"paygate/db"
)

// version and commit are stamped by the linker; a build without them tells what Go noted.
var version, commit = "", ""

type versionCommand struct {
	JSON bool `name:"json" help:"Print it as JSON."`
}

// build is what this binary is made of.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	// Schema is the version of the database that the binary needs, River's apart.
	Schema      int64 `json:"schema"`
	RiverSchema int   `json:"river_schema"`
}

func currentBuild() (build, error) {
	schema, err := db.SchemaVersion()
	if err != nil {
		return build{}, err
	}
	return build{currentVersion(), currentCommit(), runtime.Version(), runtime.GOOS, runtime.GOARCH, schema, db.RiverSchemaVersion}, nil
}

func (c *versionCommand) run(_ context.Context, io streams) error {
	b, err := currentBuild()
	if err != nil {
		return err
	}
	if c.JSON {
		encoded, err := json.MarshalIndent(b, "", "  ")
		if err != nil {
			return fmt.Errorf("error encoding the version: %w", err)
		}
		return say(io.out, "%s\n", encoded)
	}
	return say(io.out, "paygate %s (commit %s, %s, %s/%s, schema %d, river schema %d)\n", b.Version, b.Commit, b.Go, b.OS, b.Arch, b.Schema, b.RiverSchema)
}

// currentCommit is twelve digits, or unknown.
func currentCommit() string {
	full := cmp.Or(commit, noted("vcs.revision"), "unknown")
	return full[:min(12, len(full))]
}

func currentVersion() string {
	switch {
	case version != "":
		return version
	case noted("vcs.revision") != "":
		return "devel-" + currentCommit()
	}
	return "devel"
}

// noted is a setting that Go noted when it built, "" for none.
func noted(key string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, setting := range info.Settings {
		if setting.Key == key {
			return setting.Value
		}
	}
	return ""
}
