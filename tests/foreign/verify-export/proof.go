package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// receipt is a .tlog-proof file (C2SP tlog-proof), read but not verified:
//
//	c2sp.org/tlog-proof@v1
//	extra <base64>            (perhaps)
//	index <decimal>
//	<base64 hash>             (leaf's sibling first, at most 63)
//
//	<signed checkpoint>
type receipt struct {
	index      int64
	path       tlog.RecordProof
	checkpoint []byte
}

func parseReceipt(file []byte) (receipt, error) {
	head, checkpoint, found := bytes.Cut(file, []byte("\n\n"))
	if !found {
		return receipt{}, errors.New("no empty line parts the proof from its checkpoint")
	}
	lines := strings.Split(string(head), "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		return receipt{}, fmt.Errorf("the first line is %q", lines[0])
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		if _, err := base64.StdEncoding.DecodeString(lines[0][len("extra "):]); err != nil {
			return receipt{}, fmt.Errorf("extra: %w", err)
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return receipt{}, errors.New("the index line is missing")
	}
	decimal := lines[0][len("index "):]
	index, err := strconv.ParseInt(decimal, 10, 64)
	if err != nil || index < 0 || strconv.FormatInt(index, 10) != decimal {
		return receipt{}, fmt.Errorf("the index %q is no decimal number", decimal)
	}
	read := receipt{index: index, checkpoint: checkpoint}
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return receipt{}, err
		}
		read.path = append(read.path, hash)
	}
	return read, nil
}

// checkProofFile checks a receipt: signed by the log, its entry included in its tree, and that tree grown
// into the exported one (or the other way round).
func checkProofFile(
	file string, v note.Verifier, origin string, tree tlog.Tree, leaves []tlog.Hash, reader tlog.HashReader,
) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	read, err := parseReceipt(text)
	if err != nil {
		return "", err
	}
	at, err := openCheckpoint(read.checkpoint, v, origin)
	if err != nil {
		return "", err
	}
	if read.index >= at.N {
		return "", fmt.Errorf("it claims entry %d of a tree of size %d", read.index, at.N)
	}
	if read.index >= tree.N {
		return "", fmt.Errorf("it is about entry %d, the export ends before it", read.index)
	}
	if err := tlog.CheckRecord(read.path, at.N, at.Hash, read.index, leaves[read.index]); err != nil {
		return "", fmt.Errorf("the exported entry %d is not what it is about: %w", read.index, err)
	}
	said := fmt.Sprintf("receipt: entry %d is in the signed tree of size %d", read.index, at.N)
	if at.N > tree.N {
		return said + ", which is newer than this export", nil
	}
	if at.N < tree.N {
		proof, err := tlog.ProveTree(tree.N, at.N, reader)
		if err != nil {
			return "", err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, at.N, at.Hash); err != nil {
			return "", fmt.Errorf("its tree of size %d did not grow into the exported one: %w", at.N, err)
		}
		return said + ", which grew into the exported one", nil
	}
	if at.Hash != tree.Hash {
		return "", fmt.Errorf("SPLIT VIEW: two signed roots for size %d, %v and %v", at.N, at.Hash, tree.Hash)
	}
	return said + ", which is the exported one", nil
}
