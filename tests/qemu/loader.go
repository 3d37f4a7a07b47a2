// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause

// A loader around the Go of docs/embedding.md: writes what that returns.
//
//	loader FLAT OUT KIND BASE ENTRY ARG [NAME START FILE]...
package main

import (
	"log"
	"os"
	"strconv"
)

func number(text string) uint64 {
	value, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func content(path string) []byte {
	data, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return data
}

func main() {
	args := os.Args[1:]
	console := Console{uint32(number(args[2])), number(args[3])}
	var segments []Segment
	for i := 6; i < len(args); i += 3 {
		segments = append(segments, Segment{args[i], number(args[i+1]), content(args[i+2])})
	}
	image, err := Purgatory(content(args[0]), segments, console, number(args[4]), number(args[5]))
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(args[1], image, 0o644); err != nil {
		log.Fatal(err)
	}
}
