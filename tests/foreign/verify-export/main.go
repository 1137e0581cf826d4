// Verify-export checks an exported ledger with none of the ledger's own code: only the Go project's
// signed notes (golang.org/x/mod/sumdb/note) and transparent log (golang.org/x/mod/sumdb/tlog), the code
// behind sum.golang.org.
//
// It opens the checkpoint, hashes every entry, rebuilds the tree from those hashes alone, compares it with
// the signed root and with every tile, and proves entries included by way of the tiles. With -proof it
// checks a receipt (.tlog-proof) as well.
//
// It does not check what the entries say, who signed them, or whether a witness saw the checkpoint.
//
// Exit codes: 0 verified, 1 not verified, 2 wrong usage.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	proof := flag.String("proof", "", "a `file` with a receipt (.tlog-proof) to check against the export")
	indices := flag.String("index", "", "comma-separated `indices` to prove included (default: first, middle, last)")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: verify-export [-proof FILE] [-index 0,7,9] EXPORT VKEY ORIGIN")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 3 {
		flag.Usage()
		os.Exit(2)
	}
	verifier, err := verifierFrom(flag.Arg(1))
	if err != nil {
		fmt.Fprintf(os.Stderr, "verify-export: the verifier key is wrong: %v\n", err)
		os.Exit(2)
	}
	asked, err := parseIndices(*indices)
	if err != nil {
		fmt.Fprintf(os.Stderr, "verify-export: -index: %v\n", err)
		os.Exit(2)
	}
	said, err := verify(export{flag.Arg(0)}, verifier, flag.Arg(2), asked, *proof)
	for _, line := range said {
		fmt.Println(line)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "verify-export: NOT VERIFIED: %v\n", err)
		os.Exit(1)
	}
}

// verifierFrom takes a verifier key, or the name of a file with one.
func verifierFrom(keyOrFile string) (note.Verifier, error) {
	if !strings.Contains(keyOrFile, "+") {
		text, err := os.ReadFile(keyOrFile)
		if err != nil {
			return nil, err
		}
		keyOrFile = strings.TrimSpace(string(text))
	}
	return note.NewVerifier(keyOrFile)
}

func parseIndices(text string) ([]int64, error) {
	if text == "" {
		return nil, nil
	}
	var indices []int64
	for _, field := range strings.Split(text, ",") {
		index, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return nil, err
		}
		indices = append(indices, index)
	}
	return indices, nil
}

// verify does all checks in order and says what it has checked so far, whether it fails or not.
func verify(e export, v note.Verifier, origin string, asked []int64, proofFile string) (said []string, err error) {
	tree, err := e.checkpoint(v, origin)
	if err != nil {
		return said, err
	}
	said = append(said, fmt.Sprintf("checkpoint: size %d, root %v, signed by %s", tree.N, tree.Hash, v.Name()))

	stored, leaves, err := e.rebuild(tree.N)
	if err != nil {
		return said, err
	}
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return said, err
	}
	if root != tree.Hash {
		return said, fmt.Errorf("the entries give root %v, the checkpoint says %v", root, tree.Hash)
	}
	said = append(said, fmt.Sprintf("entries: %d hashed, their tree has the signed root", tree.N))

	tiles, err := e.compareTiles(tree.N, stored)
	if err != nil {
		return said, err
	}
	said = append(said, fmt.Sprintf("tiles: %d, each holds the hashes of the entries under it", tiles))

	reader := tlog.TileHashReader(tree, e)
	if root, err = tlog.TreeHash(tree.N, reader); err != nil {
		return said, fmt.Errorf("the tiles do not lead to the signed root: %w", err)
	} else if root != tree.Hash {
		return said, fmt.Errorf("the tiles give root %v, the checkpoint says %v", root, tree.Hash)
	}
	for _, index := range chosen(asked, tree.N) {
		if err := included(tree, index, leaves, reader); err != nil {
			return said, err
		}
		said = append(said, fmt.Sprintf("inclusion: entry %d is in the tree of size %d", index, tree.N))
	}
	if proofFile == "" {
		return said, nil
	}
	line, err := checkProofFile(proofFile, v, origin, tree, leaves, reader)
	if err != nil {
		return said, fmt.Errorf("%s: %w", proofFile, err)
	}
	return append(said, line), nil
}

// chosen is what was asked for, or the first, the middle and the last entry.
func chosen(asked []int64, size int64) []int64 {
	switch {
	case asked != nil:
		return asked
	case size == 0:
		return nil
	case size < 3:
		return []int64{size - 1}
	default:
		return []int64{0, size / 2, size - 1}
	}
}

func included(tree tlog.Tree, index int64, leaves []tlog.Hash, reader tlog.HashReader) error {
	if index < 0 || index >= tree.N {
		return fmt.Errorf("there is no entry %d in a tree of size %d", index, tree.N)
	}
	proof, err := tlog.ProveRecord(tree.N, index, reader)
	if err != nil {
		return fmt.Errorf("entry %d: %w", index, err)
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaves[index]); err != nil {
		return fmt.Errorf("entry %d is not included: %w", index, err)
	}
	return nil
}

// openCheckpoint verifies a signed checkpoint and reads its three lines.
func openCheckpoint(signed []byte, v note.Verifier, origin string) (tlog.Tree, error) {
	opened, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("the checkpoint: %w", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return tlog.Tree{}, errors.New("the checkpoint does not have exactly three lines")
	}
	if lines[0] != origin {
		return tlog.Tree{}, fmt.Errorf("the checkpoint is of %q, not of %q", lines[0], origin)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("the checkpoint's size %q is no decimal number", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("the checkpoint's root: %w", err)
	}
	return tlog.Tree{N: size, Hash: root}, nil
}
