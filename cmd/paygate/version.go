package main

import (
	"context"
	"runtime"
	"runtime/debug"
)

// version is stamped by the linker; a build without it tells its commit.
var version = ""

type versionCommand struct{}

func (*versionCommand) run(_ context.Context, io streams) error {
	return say(io.out, "paygate %s (%s, %s/%s)\n", currentVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func currentVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return "devel-" + setting.Value[:min(12, len(setting.Value))]
		}
	}
	return "devel"
}
