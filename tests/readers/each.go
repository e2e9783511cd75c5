// Runs check.go over tokens: one a line in, one JSON object a line out.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
)

func main() {
	ctx := context.Background()
	checker := NewChecker(ctx)
	lines := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		claims, err := checker.Check(ctx, lines.Text())
		if err != nil {
			out.Encode(map[string]string{"refused": err.Error()})
		} else {
			out.Encode(map[string]interface{}{"claims": claims})
		}
	}
}
