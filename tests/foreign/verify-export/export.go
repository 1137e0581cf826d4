package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// tileHeight is the height of C2SP tlog-tiles: 256 hashes in a full tile, 256 entries in a full bundle.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// export is a folder in the layout of C2SP tlog-tiles. It is not trusted.
type export struct{ folder string }

func (e export) checkpoint(v note.Verifier, origin string) (tlog.Tree, error) {
	signed, err := os.ReadFile(filepath.Join(e.folder, "checkpoint"))
	if err != nil {
		return tlog.Tree{}, err
	}
	return openCheckpoint(signed, v, origin)
}

// pathOf maps Go's name of a tile to the one of tlog-tiles: tile/8/L/N to tile/L/N, data to entries.
func pathOf(t tlog.Tile) string {
	path := strings.TrimPrefix(t.Path(), "tile/8/")
	if rest, isData := strings.CutPrefix(path, "data/"); isData {
		path = "entries/" + rest
	}
	return "tile/" + path
}

// read reads a tile or bundle. Where its partial form is gone, as tlog-tiles allows once the full one
// exists, the full one is read; isFull says so.
func (e export) read(t tlog.Tile) (data []byte, isFull bool, err error) {
	data, err = os.ReadFile(filepath.Join(e.folder, filepath.FromSlash(pathOf(t))))
	if t.W == tileWidth || !errors.Is(err, fs.ErrNotExist) {
		return data, t.W == tileWidth, err
	}
	full := t
	full.W = tileWidth
	if data, fullErr := os.ReadFile(filepath.Join(e.folder, filepath.FromSlash(pathOf(full)))); fullErr == nil {
		return data, true, nil
	}
	return nil, false, err
}

// tile reads the hashes of a tile, as many as its width says.
func (e export) tile(t tlog.Tile) ([]byte, error) {
	data, isFull, err := e.read(t)
	if err != nil {
		return nil, err
	}
	want := t.W * tlog.HashSize
	if held := len(data); (isFull && held != tileWidth*tlog.HashSize) || (!isFull && held != want) {
		return nil, fmt.Errorf("%s has %d bytes", pathOf(t), held)
	}
	return data[:want], nil
}

// Height, ReadTiles and SaveTiles make export a tlog.TileReader.
func (e export) Height() int { return tileHeight }

func (e export) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	all := make([][]byte, len(tiles))
	for i, t := range tiles {
		data, err := e.tile(t)
		if err != nil {
			return nil, err
		}
		all[i] = data
	}
	return all, nil
}

func (e export) SaveTiles([]tlog.Tile, [][]byte) {}

// hashes are the stored hashes of a tree, in tlog's order.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indices []int64) ([]tlog.Hash, error) {
	read := make([]tlog.Hash, len(indices))
	for i, index := range indices {
		if index < 0 || index >= int64(len(h)) {
			return nil, fmt.Errorf("hash %d is beyond the tree", index)
		}
		read[i] = h[index]
	}
	return read, nil
}

// rebuild computes the tree from the bytes of the entries and from nothing else.
func (e export) rebuild(size int64) (stored hashes, leaves []tlog.Hash, err error) {
	for first := int64(0); first < size; first += tileWidth {
		width := int(min(size-first, tileWidth))
		entries, err := e.bundle(first/tileWidth, width)
		if err != nil {
			return nil, nil, err
		}
		for _, entry := range entries {
			leaf := tlog.RecordHash(entry)
			more, err := tlog.StoredHashesForRecordHash(int64(len(leaves)), leaf, stored)
			if err != nil {
				return nil, nil, err
			}
			stored = append(stored, more...)
			leaves = append(leaves, leaf)
		}
	}
	return stored, leaves, nil
}

// bundle reads the first width entries of bundle n: each a big-endian 16-bit length and that many bytes.
func (e export) bundle(n int64, width int) ([][]byte, error) {
	t := tlog.Tile{H: tileHeight, L: -1, N: n, W: width}
	data, isFull, err := e.read(t)
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for rest := data; len(rest) > 0; {
		if len(rest) < 2 {
			return nil, fmt.Errorf("%s: entry %d has half a length", pathOf(t), len(entries))
		}
		length := int(binary.BigEndian.Uint16(rest))
		if rest = rest[2:]; len(rest) < length {
			return nil, fmt.Errorf("%s: entry %d is cut short", pathOf(t), len(entries))
		}
		entries = append(entries, rest[:length])
		rest = rest[length:]
	}
	held := len(entries)
	if (isFull && held != tileWidth) || (!isFull && held != width) {
		return nil, fmt.Errorf("%s holds %d entries", pathOf(t), held)
	}
	return entries[:width], nil
}

// compareTiles compares every tile that a tree of this size has with the hashes rebuilt from the entries.
func (e export) compareTiles(size int64, stored hashes) (count int, err error) {
	for _, t := range tlog.NewTiles(tileHeight, 0, size) {
		want, err := tlog.ReadTileData(t, stored)
		if err != nil {
			return count, err
		}
		got, err := e.tile(t)
		if err != nil {
			return count, err
		}
		if !bytes.Equal(got, want) {
			return count, fmt.Errorf("%s does not hold the hashes of the entries under it", pathOf(t))
		}
		count++
	}
	return count, nil
}
