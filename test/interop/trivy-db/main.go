// Makes a vulnerability database in Trivy's own form (trivy-db, schema version 2) out of what it is given: no more than
// a test needs, so that Trivy can be run without a download. Usage: go run . <folder> <advisories.json>
package main

import (
	"encoding/json"
	"log"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

type advisory struct {
	Bucket, Package, ID, Severity string
	Value                          json.RawMessage
}

func main() {
	raw, err := os.ReadFile(os.Args[2])
	check(err)
	var advisories []advisory
	check(json.Unmarshal(raw, &advisories))
	folder := filepath.Join(os.Args[1], "db")
	check(os.MkdirAll(folder, 0o755))
	db, err := bolt.Open(filepath.Join(folder, "trivy.db"), 0o600, nil)
	check(err)
	check(db.Update(func(tx *bolt.Tx) error {
		for _, one := range advisories {
			platform, err := tx.CreateBucketIfNotExists([]byte(one.Bucket))
			check(err)
			pkg, err := platform.CreateBucketIfNotExists([]byte(one.Package))
			check(err)
			check(pkg.Put([]byte(one.ID), one.Value))
			sources, err := tx.CreateBucketIfNotExists([]byte("data-source"))
			check(err)
			check(sources.Put([]byte(one.Bucket), []byte(`{"ID":"test","Name":"test","URL":"https://example.com"}`)))
			details, err := tx.CreateBucketIfNotExists([]byte("vulnerability"))
			check(err)
			detail, err := json.Marshal(map[string]any{"Title": one.ID, "Severity": one.Severity})
			check(err)
			check(details.Put([]byte(one.ID), detail))
		}
		return nil
	}))
	check(db.Close())
	metadata := `{"Version":2,"NextUpdate":"2999-01-01T00:00:00Z","UpdatedAt":"2026-01-01T00:00:00Z","DownloadedAt":"2026-01-01T00:00:00Z"}`
	check(os.WriteFile(filepath.Join(folder, "metadata.json"), []byte(metadata), 0o600))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
