// Signs and verifies images with Notary Project's own library, for the interop checks.
//
//	notation-check sign   REFERENCE jws|cose KEY.pem CHAIN.pem
//	notation-check verify REFERENCE TRUSTPOLICY.json ROOT.pem [ENDPOINT]
//
// With ENDPOINT, signatures of AWS Signer are verified, and what it would be asked is asked there.
package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"

	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"
	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/plugin"
	"github.com/notaryproject/notation-go/registry"
	"github.com/notaryproject/notation-go/signer"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
	"oras.land/oras-go/v2/registry/remote"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 4 {
		return fmt.Errorf("usage: see the source")
	}
	remoteRepository, err := remote.NewRepository(args[1])
	if err != nil {
		return err
	}
	remoteRepository.PlainHTTP = true
	repository := registry.NewRepository(remoteRepository)
	if args[0] == "sign" {
		return sign(repository, args[1], args[2], args[3], args[4])
	}
	var plugins plugin.Manager
	if len(args) > 4 {
		if plugins, err = newSignerPlugins(args[4]); err != nil {
			return err
		}
	}
	return verify(repository, args[1], args[2], args[3], plugins)
}

func sign(repository registry.Repository, reference, format, key, chain string) error {
	made, err := signer.NewFromFiles(key, chain)
	if err != nil {
		return err
	}
	mediaType := jws.MediaTypeEnvelope
	if format == "cose" {
		mediaType = cose.MediaTypeEnvelope
	}
	options := notation.SignOptions{ArtifactReference: reference}
	options.SignatureMediaType = mediaType
	descriptor, err := notation.Sign(context.Background(), made, repository, options)
	if err != nil {
		return err
	}
	fmt.Println(descriptor.Digest)
	return nil
}

// rootStore holds one root, whatever store is asked for.
type rootStore struct{ roots []*x509.Certificate }

func (s rootStore) GetCertificates(context.Context, truststore.Type, string) ([]*x509.Certificate, error) {
	return s.roots, nil
}

func verify(repository registry.Repository, reference, policyFile, rootFile string, plugins plugin.Manager) error {
	content, err := os.ReadFile(policyFile)
	if err != nil {
		return err
	}
	var policy trustpolicy.Document
	if err := json.Unmarshal(content, &policy); err != nil {
		return err
	}
	rootPem, err := os.ReadFile(rootFile)
	if err != nil {
		return err
	}
	block, _ := pem.Decode(rootPem)
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	made, err := verifier.New(&policy, rootStore{[]*x509.Certificate{root}}, plugins)
	if err != nil {
		return err
	}
	options := notation.VerifyOptions{ArtifactReference: reference, MaxSignatureAttempts: 50}
	descriptor, outcomes, err := notation.Verify(context.Background(), made, repository, options)
	if err != nil {
		return err
	}
	fmt.Println(descriptor.Digest, outcomes[0].EnvelopeContent.SignerInfo.SignatureAlgorithm)
	return nil
}
