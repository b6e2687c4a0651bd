package lockstep

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestEachBehaviourOfTheConformanceListHasItsTests(t *testing.T) {
	var tests strings.Builder
	files := must[[]string](t)(filepath.Glob("*_test.go"))
	for _, file := range files {
		tests.Write(must[[]byte](t)(os.ReadFile(file)))
	}
	rows := strings.Split(string(must[[]byte](t)(os.ReadFile("../conformance.md"))), "\n")
	column, listed := 0, 0
	for _, row := range rows {
		cells := strings.Split(row, " | ")
		if strings.HasPrefix(row, "| No.") {
			for !strings.HasPrefix(cells[column], "Go") {
				column++
			}
		}
		if !regexp.MustCompile(`^\| \d`).MatchString(row) {
			continue
		}
		names := regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(cells[column], -1)
		check(t, len(names) > 0, "it has a test", row)
		for _, name := range names {
			check(t, strings.Contains(tests.String(), "func Test"+name[1]), "the test is there", name)
		}
		listed++
	}
	check(t, listed >= 28, "all are listed", listed)
}
