package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	origin = "ledger.example/foreign-test"
	// 273 full tiles and one of 112 at level 0, one full and one of 17 at level 1, one of 1 at level 2.
	size    = 70_000
	oldSize = 1_000
)

// log is an export written by this test with Go's own code, and the key that signed it.
type log struct {
	export
	verifier note.Verifier
	signer   note.Signer
	stored   hashes
	leaves   []tlog.Hash
}

func newLog(t *testing.T) *log {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, origin)
	must(t, err)
	l := &log{export: export{t.TempDir()}}
	l.signer, err = note.NewSigner(skey)
	must(t, err)
	l.verifier, err = note.NewVerifier(vkey)
	must(t, err)
	for first := int64(0); first < size; first += tileWidth {
		var bundle []byte
		width := min(size-first, tileWidth)
		for i := first; i < first+width; i++ {
			entry := fmt.Appendf(nil, "entry %d", i)
			bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(entry)))
			bundle = append(bundle, entry...)
			leaf := tlog.RecordHash(entry)
			more, err := tlog.StoredHashesForRecordHash(i, leaf, l.stored)
			must(t, err)
			l.stored = append(l.stored, more...)
			l.leaves = append(l.leaves, leaf)
		}
		l.write(t, tlog.Tile{H: tileHeight, L: -1, N: first / tileWidth, W: int(width)}, bundle)
	}
	for _, tile := range tlog.NewTiles(tileHeight, 0, size) {
		data, err := tlog.ReadTileData(tile, l.stored)
		must(t, err)
		l.write(t, tile, data)
	}
	must(t, os.WriteFile(filepath.Join(l.folder, "checkpoint"), l.sign(t, size), 0o644))
	return l
}

func (l *log) write(t *testing.T, tile tlog.Tile, data []byte) {
	t.Helper()
	path := filepath.Join(l.folder, filepath.FromSlash(pathOf(tile)))
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, data, 0o644))
}

func (l *log) sign(t *testing.T, n int64) []byte {
	t.Helper()
	root, err := tlog.TreeHash(n, l.stored)
	must(t, err)
	return l.signText(t, fmt.Sprintf("%s\n%d\n%v\n", origin, n, root))
}

func (l *log) signText(t *testing.T, text string) []byte {
	t.Helper()
	signed, err := note.Sign(&note.Note{Text: text}, l.signer)
	must(t, err)
	return signed
}

func (l *log) receipt(t *testing.T, n, index int64) string {
	t.Helper()
	proof, err := tlog.ProveRecord(n, index, l.stored)
	must(t, err)
	text := fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex %d\n", index)
	for _, hash := range proof {
		text += hash.String() + "\n"
	}
	return text + "\n" + string(l.sign(t, n))
}

func (l *log) verify(receipt string) error {
	_, err := verify(l.export, l.verifier, origin, nil, receipt)
	return err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, err error, because string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), because) {
		t.Errorf("refused because %q was due, got: %v", because, err)
	}
}

// changed runs then with a file of the export changed, and puts the file back.
func (l *log) changed(t *testing.T, file string, change func([]byte) []byte, then func()) {
	t.Helper()
	path := filepath.Join(l.folder, filepath.FromSlash(file))
	was, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, change(append([]byte(nil), was...)), 0o644))
	then()
	must(t, os.WriteFile(path, was, 0o644))
}

func TestExport(t *testing.T) {
	l := newLog(t)
	must(t, l.verify(""))

	t.Run("a flipped byte is found wherever it is", func(t *testing.T) {
		// The last byte of a bundle belongs to an entry, not to a length.
		flip := func(data []byte) []byte { data[len(data)-1] ^= 1; return data }
		for file, because := range map[string]string{
			"checkpoint":             "the checkpoint: ",
			"tile/entries/000":       "the entries give root",
			"tile/entries/273.p/112": "the entries give root",
			"tile/0/000":             "tile/0/000 does not hold",
			"tile/0/272":             "tile/0/272 does not hold",
			"tile/0/273.p/112":       "tile/0/273.p/112 does not hold",
			"tile/1/000":             "tile/1/000 does not hold",
			"tile/1/001.p/17":        "tile/1/001.p/17 does not hold",
			"tile/2/000.p/1":         "tile/2/000.p/1 does not hold",
		} {
			l.changed(t, file, flip, func() { refused(t, l.verify(""), because) })
		}
		must(t, l.verify(""))
	})

	t.Run("a file of the wrong length is found", func(t *testing.T) {
		cut := func(data []byte) []byte { return data[:len(data)-1] }
		more := func(data []byte) []byte { return append(data, 0) }
		for _, file := range []string{"tile/0/001", "tile/0/273.p/112", "tile/1/000", "tile/2/000.p/1"} {
			l.changed(t, file, cut, func() { refused(t, l.verify(""), " bytes") })
			l.changed(t, file, more, func() { refused(t, l.verify(""), " bytes") })
		}
		l.changed(t, "tile/entries/100", cut, func() { refused(t, l.verify(""), "is cut short") })
		l.changed(t, "tile/entries/100", more, func() { refused(t, l.verify(""), "half a length") })
		surplus := func(data []byte) []byte { return append(data, 0, 0) }
		l.changed(t, "tile/entries/273.p/112", surplus, func() { refused(t, l.verify(""), "holds 113 entries") })
	})

	t.Run("a checkpoint of another log, key or form is refused", func(t *testing.T) {
		_, err := verify(l.export, l.verifier, "ledger.example/other", nil, "")
		refused(t, err, "not of \"ledger.example/other\"")
		_, vkey, err := note.GenerateKey(rand.Reader, origin)
		must(t, err)
		stranger, err := note.NewVerifier(vkey)
		must(t, err)
		_, err = verify(l.export, stranger, origin, nil, "")
		refused(t, err, "no verifiable signatures")
		root := base64.StdEncoding.EncodeToString(make([]byte, 32))
		for text, because := range map[string]string{
			origin + "\n70000\n" + root + "\n":       "the entries give root",
			origin + "\n070000\n" + root + "\n":      "no decimal number",
			origin + "\n-1\n" + root + "\n":          "no decimal number",
			origin + "\n70000\n" + root + "\nmore\n": "exactly three lines",
			origin + "\n70001\n" + root + "\n":       "273.p/113",
			origin + "\n70000\n" + root[:40] + "\n":  "root",
		} {
			signed := func([]byte) []byte { return l.signText(t, text) }
			l.changed(t, "checkpoint", signed, func() { refused(t, l.verify(""), because) })
		}
	})

	t.Run("a missing partial tile may be replaced by the full one only", func(t *testing.T) {
		// The export is of a tree of 70,000; the folder has grown to 70,144 and its partial tiles are gone.
		partial := filepath.Join(l.folder, "tile/0/273.p/112")
		was, err := os.ReadFile(partial)
		must(t, err)
		must(t, os.Remove(partial))
		refused(t, l.verify(""), "273.p/112")
		full := filepath.Join(l.folder, "tile/0/273")
		must(t, os.WriteFile(full, append(was, make([]byte, 144*32)...), 0o644))
		must(t, l.verify(""))
		must(t, os.Remove(full))
		must(t, os.WriteFile(partial, was, 0o644))
	})

	t.Run("receipts", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "r.tlog-proof")
		check := func(text string) error {
			must(t, os.WriteFile(file, []byte(text), 0o644))
			return l.verify(file)
		}
		must(t, check(l.receipt(t, size, 69_999)))
		old := l.receipt(t, oldSize, 7)
		must(t, check(old))
		must(t, check(strings.Replace(old, "index", "extra AAAA\nindex", 1)))
		refused(t, check(strings.Replace(old, "index 7", "index 8", 1)), "is not what it is about")
		refused(t, check(strings.Replace(old, "index 7", "index 1000", 1)), "claims entry 1000")
		refused(t, check(strings.Replace(old, "index 7", "index 07", 1)), "no decimal number")
		refused(t, check(strings.Replace(old, "@v1", "@v2", 1)), "the first line is")
		refused(t, check(strings.Replace(old, "\n\n", "\n", 1)), "")
		one := l.signText(t, fmt.Sprintf("%s\n1\n%v\n", origin, l.leaves[1]))
		refused(t, check("c2sp.org/tlog-proof@v1\nindex 0\n\n"+string(one)), "is not what it is about")
		// Two signed roots of one size: the log has lied to somebody, and these two files prove it.
		forged := tlog.NodeHash(l.leaves[0], l.leaves[2])
		two := l.signText(t, fmt.Sprintf("%s\n2\n%v\n", origin, forged))
		lie := fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex 0\n%v\n\n%s", l.leaves[2], two)
		refused(t, check(lie), "did not grow into the exported one")
	})
}

func TestPathsAreThoseOfTlogTiles(t *testing.T) {
	for path, tile := range map[string]tlog.Tile{
		"tile/0/x001/x234/067":      {H: tileHeight, L: 0, N: 1_234_067, W: tileWidth},
		"tile/2/000.p/1":            {H: tileHeight, L: 2, N: 0, W: 1},
		"tile/entries/x001/000.p/7": {H: tileHeight, L: -1, N: 1_000, W: 7},
	} {
		if got := pathOf(tile); got != path {
			t.Errorf("%s was due, got %s", path, got)
		}
	}
}

func TestTheEmptyAndTheSmallestLog(t *testing.T) {
	l := newLog(t)
	l.changed(t, "checkpoint", func([]byte) []byte { return l.sign(t, 0) }, func() { must(t, l.verify("")) })
	bundle := tlog.Tile{H: tileHeight, L: -1, N: 0, W: 1}
	l.write(t, bundle, append([]byte{0, 7}, "entry 0"...))
	l.write(t, tlog.Tile{H: tileHeight, L: 0, N: 0, W: 1}, l.leaves[0][:])
	l.changed(t, "checkpoint", func([]byte) []byte { return l.sign(t, 1) }, func() { must(t, l.verify("")) })
}
