package main

import (
	"context"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/notaryproject/notation-go/plugin"
	framework "github.com/notaryproject/notation-plugin-framework-go/plugin"
)

const (
	signerPlugin   = "com.amazonaws.signer.notation.plugin"
	profileVersion = "com.amazonaws.signer.signingProfileVersion"
	signingJob     = "com.amazonaws.signer.signingJob"
)

// signerPlugins stands for AWS Signer's plugin, whose module is not served: it asks with AWS's own SDK, and leaves the
// comparison to whoever answers.
type signerPlugins struct{ client *signer.Client }

func newSignerPlugins(endpoint string) (plugin.Manager, error) {
	to, err := url.Parse(endpoint)
	if err != nil {
		return nil, err
	}
	return signerPlugins{signer.New(signer.Options{
		Region:      "us-west-2",
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient:  &http.Client{Transport: redirect{to}},
	})}, nil
}

// redirect sends every request to one address, and says where it was to go.
type redirect struct{ to *url.URL }

func (r redirect) RoundTrip(request *http.Request) (*http.Response, error) {
	sent := request.Clone(request.Context())
	sent.Header.Set("x-meant-for", request.URL.Host)
	sent.URL.Scheme, sent.URL.Host = r.to.Scheme, r.to.Host
	return http.DefaultTransport.RoundTrip(sent)
}

func (m signerPlugins) Get(_ context.Context, name string) (plugin.Plugin, error) {
	if name != signerPlugin {
		return nil, fmt.Errorf("no plugin %s", name)
	}
	return asking{m.client}, nil
}

func (m signerPlugins) List(context.Context) ([]string, error) { return []string{signerPlugin}, nil }

type asking struct{ client *signer.Client }

func (asking) GetMetadata(context.Context, *framework.GetMetadataRequest) (*framework.GetMetadataResponse, error) {
	return &framework.GetMetadataResponse{
		Name: signerPlugin, Description: "asks", Version: "1.0.350", URL: "https://example.com",
		SupportedContractVersions: []string{framework.ContractVersion},
		Capabilities: []framework.Capability{
			framework.CapabilityTrustedIdentityVerifier, framework.CapabilityRevocationCheckVerifier,
		},
	}, nil
}

func (a asking) VerifySignature(ctx context.Context, request *framework.VerifySignatureRequest) (*framework.VerifySignatureResponse, error) {
	attributes := request.Signature.CriticalAttributes
	profile, _ := attributes.ExtendedAttributes[profileVersion].(string)
	job, _ := attributes.ExtendedAttributes[signingJob].(string)
	hashes, err := certificateHashes(request.Signature.CertificateChain)
	if err != nil {
		return nil, err
	}
	answer, err := a.client.GetRevocationStatus(ctx, &signer.GetRevocationStatusInput{
		CertificateHashes:  hashes,
		JobArn:             aws.String(job),
		PlatformId:         aws.String("Notation-OCI-SHA384-ECDSA"),
		ProfileVersionArn:  aws.String(profile),
		SignatureTimestamp: attributes.AuthenticSigningTime,
	})
	revoked := &framework.VerificationResult{Success: err == nil && len(answer.RevokedEntities) == 0, Reason: fmt.Sprint(err)}
	trusted := slices.Contains(request.TrustPolicy.TrustedIdentities, profile)
	return &framework.VerifySignatureResponse{
		VerificationResults: map[framework.Capability]*framework.VerificationResult{
			framework.CapabilityTrustedIdentityVerifier: {Success: trusted, Reason: "not trusted"},
			framework.CapabilityRevocationCheckVerifier: revoked,
		},
		ProcessedAttributes: []interface{}{profileVersion, signingJob},
	}, nil
}

// certificateHashes names each certificate by the hash of its signed part and of that of its issuer.
func certificateHashes(chain [][]byte) ([]string, error) {
	var parts []string
	for _, der := range chain {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		sum := sha512.Sum384(certificate.RawTBSCertificate)
		parts = append(parts, hex.EncodeToString(sum[:]))
	}
	var hashes []string
	for i, part := range parts {
		hashes = append(hashes, part+parts[min(i+1, len(parts)-1)])
	}
	return hashes, nil
}

func (asking) DescribeKey(context.Context, *framework.DescribeKeyRequest) (*framework.DescribeKeyResponse, error) {
	return nil, fmt.Errorf("no")
}

func (asking) GenerateSignature(context.Context, *framework.GenerateSignatureRequest) (*framework.GenerateSignatureResponse, error) {
	return nil, fmt.Errorf("no")
}

func (asking) GenerateEnvelope(context.Context, *framework.GenerateEnvelopeRequest) (*framework.GenerateEnvelopeResponse, error) {
	return nil, fmt.Errorf("no")
}
