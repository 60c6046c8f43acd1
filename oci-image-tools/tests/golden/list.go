// Lists tar archives as archive/tar reads them; how to run it is in README.md beside it.
package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

func escaped(text string) string {
	var shown strings.Builder
	for i := 0; i < len(text); i++ {
		if c := text[i]; c >= ' ' && c <= '~' && c != '"' && c != '\\' {
			shown.WriteByte(c)
		} else {
			fmt.Fprintf(&shown, "\\x%02x", c)
		}
	}
	return shown.String()
}

func list(archive []byte) string {
	var listing strings.Builder
	reader := tar.NewReader(bytes.NewReader(archive))
	for {
		header, err := reader.Next()
		if err == io.EOF {
			return listing.String()
		}
		if err != nil {
			return listing.String() + "error\n"
		}
		kind := header.Typeflag
		switch kind {
		case tar.TypeXGlobalHeader:
			continue
		case 0, tar.TypeCont, tar.TypeGNUSparse:
			kind = tar.TypeReg
		}
		size := int64(0)
		if kind == tar.TypeReg {
			size = header.Size
		}
		fmt.Fprintf(&listing, "%c %o %d %d %d %d.%09d \"%s\" \"%s\"", kind, header.Mode&0o7777, header.Uid, header.Gid, size,
			header.ModTime.Unix(), header.ModTime.Nanosecond(), escaped(header.Name), escaped(header.Linkname))
		var names []string
		for name := range header.Xattrs {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			fmt.Fprintf(&listing, " %s=%s", escaped(name), escaped(header.Xattrs[name]))
		}
		if size <= 4096 {
			content, err := io.ReadAll(reader)
			if err != nil {
				return listing.String() + "\nerror\n"
			}
			fmt.Fprintf(&listing, " %x", sha256.Sum256(content))
		}
		listing.WriteByte('\n')
	}
}

func main() {
	paths, _ := filepath.Glob(filepath.Join(os.Args[1], "*"))
	for _, path := range paths {
		archive, err := os.ReadFile(path)
		if err != nil {
			panic(err)
		}
		fmt.Printf("== %s %x\n%s", filepath.Base(path), sha256.Sum256(archive), list(archive))
	}
}
