// Makes trust data as Docker Content Trust keeps them, with the library of Notary version 1 itself.
//
//	notary-data FOLDER NAME TAG SHA256 [TAG SHA256 …]
//
// The first tag is signed by targets, all others by the delegation targets/releases.
package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"github.com/theupdateframework/notary/tuf/data"
	"github.com/theupdateframework/notary/tuf/testutils"
)

const releases = data.RoleName("targets/releases")

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 4 || len(args)%2 != 0 {
		return fmt.Errorf("usage: see the source")
	}
	folder, name := args[0], data.GUN(args[1])
	repository, _, err := testutils.EmptyRepo(name, releases)
	if err != nil {
		return err
	}
	for i := 2; i < len(args); i += 2 {
		digest, err := hex.DecodeString(args[i+1])
		if err != nil {
			return err
		}
		role := releases
		if i == 2 {
			role = data.CanonicalTargetsRole
		}
		meta := data.FileMeta{Length: 100, Hashes: data.Hashes{"sha256": digest}}
		if _, err := repository.AddTargets(role, data.Files{args[i]: meta}); err != nil {
			return err
		}
	}
	files, err := testutils.SignAndSerialize(repository)
	if err != nil {
		return err
	}
	for role, content := range files {
		path := filepath.Join(folder, role.String()+".json")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	root := repository.Root.Signed.Roles[data.CanonicalRootRole]
	fmt.Println(root.KeyIDs[0])
	return nil
}
