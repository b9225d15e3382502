package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// setting is what help and documentation tell about one flag.
type setting struct {
	// flag is how it is written, as --webhook-timeout=10s or --[no-]sandbox-open.
	flag string
	// variable is "" for what concerns one call of one command, and is no setting but an option.
	variable string
	// initial is the default, "" for none.
	initial string
	meaning string
	// bounds is the permitted range, as "1s to 1h", "" for none.
	bounds string
	group  string
}

// groups is the order in which settings are shown; options come after them.
var groups = []string{"Servers", "API", "Storage", "Secrets", "Payments", "Workers", "Webhooks", "Simulated acquirer", "Logging", "Tracing"}

// settingsOf describes a command's flags but --help, by group.
func settingsOf(node *kong.Node, variables map[*kong.Flag]string) []setting {
	var all []setting
	for _, flag := range node.Flags {
		if flag.Hidden || flag.Name == "help" {
			continue
		}
		s := setting{variable: variables[flag], initial: flag.Default, meaning: flag.Help, bounds: boundsOf(flag.Tag), group: "Options"}
		if flag.Group != nil {
			s.group = flag.Group.Title
		}
		switch {
		case flag.IsBool() && flag.Tag.Negatable != "":
			s.flag = "--[no-]" + flag.Name
		case flag.IsBool():
			s.flag = "--" + flag.Name
		default:
			s.flag = "--" + flag.Name + "=" + cmp.Or(flag.PlaceHolder, kindOf(flag))
		}
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b setting) int { return cmp.Compare(rank(a.group), rank(b.group)) })
	return all
}

// rank is a group's place; one that nobody ordered comes before the options.
func rank(group string) int {
	if i := slices.Index(groups, group); i >= 0 {
		return i
	}
	if group == "Options" {
		return len(groups) + 1
	}
	return len(groups)
}

// kindOf names what goes after the equals sign.
func kindOf(flag *kong.Flag) string {
	switch {
	case flag.Target.Type() == durationType:
		return "DURATION"
	case strings.HasSuffix(flag.Name, "-addr"):
		return "ADDR"
	case strings.HasSuffix(flag.Name, "-url"):
		return "URL"
	case strings.HasSuffix(flag.Name, "-rate"):
		return "RATE"
	}
	return "VALUE"
}

func boundsOf(tag *kong.Tag) string {
	least, most := tag.Get("min"), tag.Get("max")
	switch {
	case least != "" && most != "":
		return fmt.Sprintf("%s to %s", least, most)
	case least != "":
		return least + " or more"
	case most != "":
		return most + " or less"
	}
	return ""
}
