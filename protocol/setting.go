package protocol

import "regexp"

// Setting returns how errors, hints and log lines name a setting of Tablewire:
//
//	the setting "row-bytes"
//
// The name is that of the binary's flag, without the dashes in front. Package tablewire has
// most settings as a field of the same words, in Config or in its Limits: Slot, RowBytes. A
// few settings belong to the binary alone, such as log-level: a Go program brings its own
// logger. Texts may also spell the result out as a constant; RenameSettings finds both.
func Setting(name string) string { return `the setting "` + name + `"` }

var settingInText = regexp.MustCompile(`the setting "([a-z]+(?:-[a-z]+)*)"`)

// RenameSettings returns a text in which each setting that Setting names has the name
// that rename returns for it. The binary names flags so.
func RenameSettings(text string, rename func(name string) string) string {
	return settingInText.ReplaceAllStringFunc(text, func(found string) string {
		return rename(settingInText.FindStringSubmatch(found)[1])
	})
}
