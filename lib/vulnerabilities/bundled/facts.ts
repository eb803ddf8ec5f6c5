/**
 * A small set of advisories as facts: ids, packages, ranges, severities. It lets a fresh installation show true
 * findings before any source is configured; it is an excerpt, and a scan against it says so.
 *
 * npm: GitHub Advisory Database (CC-BY-4.0), records as of 2018 to 2024, and the ranges of CVE-2023-45857 and
 * CVE-2025-27152 as in retire.js (Apache-2.0); that of CVE-2022-0235 begins its second range at 3.0.0, since the fix was
 * also made in 2.6.7. Alpine: alpinelinux/alpine-secdb of June 2020, releases v3.10 and v3.11.
 * Debian 12: the changelogs of its packages as of November 2026. CVSS of distribution entries: cisagov/vulnrichment
 * (CC0-1.0), and the NVD's for Alpine's as the Ubuntu CVE tracker of June 2020 repeats them.
 */

/** `record alias severity cvss`, then a line for each package with its ranges `introduced..fixed`. */
export const npmFacts = `GHSA-35jh-r3h4-6jhm CVE-2021-23337 HIGH CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H
  lodash 0..4.17.21
  lodash-es 0..4.17.21
GHSA-jf85-cpcp-j695 CVE-2019-10744 CRITICAL CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H
  lodash 0..4.17.12
  lodash-es 0..4.17.14
  lodash-amd 0..4.17.13
  lodash.defaultsdeep 0..4.6.1
GHSA-4xc9-xhrj-v574 CVE-2018-16487 HIGH -
  lodash 0..4.17.11
GHSA-fvqr-27wr-82fm CVE-2018-3721 LOW -
  lodash 0..4.17.5
GHSA-x5rq-j2xg-h7qm CVE-2019-1010266 MODERATE -
  lodash 0..4.17.11
  lodash-amd 0..4.17.11
GHSA-p6mc-m468-83gw CVE-2020-8203 HIGH CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:H/A:H
  lodash 0..4.17.20
  lodash-es 0..4.17.20
GHSA-29mw-wpgm-hmr9 CVE-2020-28500 MODERATE CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L
  lodash 0..4.17.21
  lodash-es 0..4.17.21
GHSA-xvch-5gv4-984h CVE-2021-44906 CRITICAL CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H
  minimist 0..0.2.4 1.0.0..1.2.6
GHSA-vh95-rmgr-6w4m CVE-2020-7598 MODERATE CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:L/A:L
  minimist 0..0.2.1 1.0.0..1.2.3
GHSA-4w2v-q235-vp99 CVE-2020-28168 MODERATE CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N
  axios 0..0.21.1
GHSA-cph5-m8f7-6c5x CVE-2021-3749 HIGH CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H
  axios 0..0.21.2
GHSA-wf5p-g6vw-rhxx CVE-2023-45857 MODERATE -
  axios 0.8.1..0.28.0 1.0.0..1.6.0
GHSA-jr5f-v2jv-69x6 CVE-2025-27152 HIGH -
  axios 0..0.30.0 1.0.0..1.8.2
GHSA-r683-j2x4-v87g CVE-2022-0235 HIGH CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H
  node-fetch 0..2.6.7 3.0.0..3.1.1
GHSA-w7rc-rwvf-8q5r CVE-2020-15168 LOW CVSS:3.1/AV:N/AC:H/PR:L/UI:R/S:U/C:N/I:N/A:L
  node-fetch 0..2.6.1 3.0.0-beta.1..3.0.0-beta.9
GHSA-qwph-4952-7xr6 CVE-2022-23540 MODERATE -
  jsonwebtoken 0..9.0.0
GHSA-8cf7-32gw-wr33 CVE-2022-23539 MODERATE -
  jsonwebtoken 0..9.0.0
GHSA-hjrf-2m68-5959 CVE-2022-23541 MODERATE -
  jsonwebtoken 0..9.0.0
GHSA-hrpp-h998-j3pp CVE-2022-24999 HIGH CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H
  qs 0..6.2.4 6.3.0..6.3.3 6.4.0..6.4.1 6.5.0..6.5.3 6.6.0..6.6.1 6.7.0..6.7.3 6.8.0..6.8.3 6.9.0..6.9.7 6.10.0..6.10.3
GHSA-rv95-896h-c2vc CVE-2024-29041 MODERATE CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N
  express 0..4.19.2 5.0.0-alpha.1..5.0.0-beta.3
GHSA-qw6h-vgh9-j6wx CVE-2024-43796 MODERATE CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:L/A:L
  express 0..4.20.0 5.0.0-alpha.1..5.0.0
GHSA-qwcr-r2fm-qrc7 CVE-2024-45590 HIGH CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H
  body-parser 0..1.20.3
GHSA-m6fv-jmcg-4jfg CVE-2024-43799 MODERATE CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:L/A:L
  send 0..0.19.0
GHSA-cm22-4g7w-348p CVE-2024-43800 MODERATE CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:L/A:L
  serve-static 0..1.16.0 2.0.0..2.1.0
GHSA-pxg6-pf52-xh8x CVE-2024-47764 LOW -
  cookie 0..0.7.0
GHSA-9wv6-86v2-598j CVE-2024-45296 HIGH CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H
  path-to-regexp 0..0.1.10 0.2.0..1.9.0 2.0.0..3.3.0 4.0.0..6.3.0 7.0.0..8.0.0
GHSA-c2qf-rxjj-qqgw CVE-2022-25883 MODERATE CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L
  semver 0..5.7.2 6.0.0..6.3.1 7.0.0..7.5.2
GHSA-74fj-2j2h-c42q CVE-2022-0155 HIGH CVSS:3.0/AV:N/AC:L/PR:L/UI:R/S:U/C:H/I:H/A:H
  follow-redirects 0..1.14.8
GHSA-cxjh-pqwp-8mfp CVE-2024-28849 MODERATE CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N
  follow-redirects 0..1.15.6
GHSA-8hfj-j24r-96c4 CVE-2022-24785 HIGH CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N
  moment 0..2.29.2
GHSA-6fc8-4gx4-v693 CVE-2021-32640 MODERATE CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L
  ws 5.0.0..5.2.3 6.0.0..6.2.2 7.0.0..7.4.6
GHSA-gxpj-cx7g-858c CVE-2017-16137 MODERATE CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L
  debug 0..2.6.9 3.0.0..3.1.0 3.2.0..3.2.7 4.0.0..4.3.1
GHSA-67hx-6x53-jw92 CVE-2023-45133 CRITICAL CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H
  @babel/traverse 0..7.23.2 8.0.0-alpha.0..8.0.0-alpha.4`;

/** `ecosystem package fixed-version: ids`: every older version of the release is affected. */
export const distributionFacts = `
Debian:12 apt 2.6.2: CVE-2026-109518
Debian:12 dpkg 1.21.23: CVE-2025-6297 CVE-2026-2219
Debian:12 gcc-12 12.2.0-14+deb12u1: CVE-2023-4039
Debian:12 glibc 2.36-9+deb12u1: CVE-2023-0687
Debian:12 glibc 2.36-9+deb12u10: CVE-2025-0395
Debian:12 glibc 2.36-9+deb12u11: CVE-2025-4802
Debian:12 glibc 2.36-9+deb12u13: CVE-2025-8058
Debian:12 glibc 2.36-9+deb12u14: CVE-2025-15281 CVE-2026-0861 CVE-2026-0915 CVE-2026-4046 CVE-2026-4437 CVE-2026-4438
Debian:12 glibc 2.36-9+deb12u2: CVE-2023-4527 CVE-2023-4806 CVE-2023-5156
Debian:12 glibc 2.36-9+deb12u3: CVE-2023-4911
Debian:12 glibc 2.36-9+deb12u4: CVE-2023-6246 CVE-2023-6779 CVE-2023-6780
Debian:12 glibc 2.36-9+deb12u6: CVE-2024-2961
Debian:12 glibc 2.36-9+deb12u7: CVE-2024-33599 CVE-2024-33600 CVE-2024-33601 CVE-2024-33602
Debian:12 gnupg2 2.2.40-1.1+deb12u2: CVE-2025-68973
Debian:12 gnutls28 3.7.9-2+deb12u1: CVE-2023-5981
Debian:12 gnutls28 3.7.9-2+deb12u2: CVE-2024-0553 CVE-2024-0567
Debian:12 gnutls28 3.7.9-2+deb12u3: CVE-2024-28834 CVE-2024-28835
Debian:12 gnutls28 3.7.9-2+deb12u4: CVE-2024-12133 CVE-2024-12243
Debian:12 gnutls28 3.7.9-2+deb12u5: CVE-2025-6395 CVE-2025-32988 CVE-2025-32989 CVE-2025-32990
Debian:12 gnutls28 3.7.9-2+deb12u6: CVE-2025-9820 CVE-2025-14831
Debian:12 gnutls28 3.7.9-2+deb12u7: CVE-2026-3832 CVE-2026-3833 CVE-2026-5260 CVE-2026-5419 CVE-2026-33845
Debian:12 gnutls28 3.7.9-2+deb12u7: CVE-2026-33846 CVE-2026-42009 CVE-2026-42010 CVE-2026-42011 CVE-2026-42012
Debian:12 gnutls28 3.7.9-2+deb12u7: CVE-2026-42013 CVE-2026-42014 CVE-2026-42015
Debian:12 libcap2 1:2.66-4+deb12u1: CVE-2025-1390
Debian:12 libcap2 1:2.66-4+deb12u3: CVE-2026-4878
Debian:12 libgcrypt20 1.10.1-3+deb12u1: CVE-2026-41989
Debian:12 libtasn1-6 4.19.0-2+deb12u1: CVE-2024-12133
Debian:12 pam 1.5.2-6+deb12u2: CVE-2025-6020
Debian:12 pcre2 10.42-1+deb12u2: CVE-2026-103111
Debian:12 perl 5.36.0-7+deb12u1: CVE-2023-47038
Debian:12 perl 5.36.0-7+deb12u2: CVE-2024-56406
Debian:12 perl 5.36.0-7+deb12u3: CVE-2023-31484 CVE-2025-40909
Debian:12 perl 5.36.0-7+deb12u4: CVE-2025-15649 CVE-2026-7010 CVE-2026-7017 CVE-2026-8376 CVE-2026-12087
Debian:12 perl 5.36.0-7+deb12u4: CVE-2026-13221 CVE-2026-19487 CVE-2026-42496 CVE-2026-42497 CVE-2026-48959
Debian:12 perl 5.36.0-7+deb12u4: CVE-2026-48962 CVE-2026-57432 CVE-2026-57433
Debian:12 sed 4.9-1+deb12u1: CVE-2026-5958
Debian:12 shadow 1:4.13+dfsg1-1+deb12u1: CVE-2023-4641 CVE-2023-29383
Debian:12 systemd 252.21-1~deb12u1: CVE-2023-7008
Debian:12 systemd 252.23-1~deb12u1: CVE-2023-50387 CVE-2023-50868
Debian:12 systemd 252.38-1~deb12u1: CVE-2025-4598
Debian:12 systemd 252.39-1~deb12u2: CVE-2026-4105 CVE-2026-29111 CVE-2026-40225 CVE-2026-40226
Debian:12 tar 1.34+dfsg-1.2+deb12u1: CVE-2022-48303 CVE-2023-39804
Debian:12 util-linux 2.38.1-5+deb12u1: CVE-2024-28085
Debian:12 xz-utils 5.4.1-1: CVE-2025-31115
Debian:12 xz-utils 5.4.1-1+deb12u1: CVE-2026-34743
Alpine:v3.10 busybox 1.27.2-r4: CVE-2017-15873 CVE-2017-15874 CVE-2017-16544
Alpine:v3.10 busybox 1.29.3-r10: CVE-2018-20679
Alpine:v3.10 busybox 1.30.1-r2: CVE-2019-5747
Alpine:v3.10 musl 1.1.15-r4: CVE-2016-8859
Alpine:v3.10 musl 1.1.22-r3: CVE-2019-14697
Alpine:v3.10 openssl 1.1.1a-r0: CVE-2018-0734 CVE-2018-0735
Alpine:v3.10 openssl 1.1.1b-r1: CVE-2019-1543
Alpine:v3.10 openssl 1.1.1d-r0: CVE-2019-1547 CVE-2019-1549 CVE-2019-1563
Alpine:v3.11 busybox 1.27.2-r4: CVE-2017-15873 CVE-2017-15874 CVE-2017-16544
Alpine:v3.11 busybox 1.29.3-r10: CVE-2018-20679
Alpine:v3.11 busybox 1.30.1-r2: CVE-2019-5747
Alpine:v3.11 musl 1.1.15-r4: CVE-2016-8859
Alpine:v3.11 musl 1.1.23-r2: CVE-2019-14697
Alpine:v3.11 openssl 1.1.1a-r0: CVE-2018-0734 CVE-2018-0735
Alpine:v3.11 openssl 1.1.1b-r1: CVE-2019-1543
Alpine:v3.11 openssl 1.1.1d-r1: CVE-2019-1547 CVE-2019-1549 CVE-2019-1563
Alpine:v3.11 openssl 1.1.1d-r3: CVE-2019-1551
`;

/** `id vector` for the ids of the distributions, which rate nothing themselves. */
export const cvssFacts = `
CVE-2017-15873 CVSS:3.0/AV:L/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:H
CVE-2017-15874 CVSS:3.0/AV:L/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:H
CVE-2017-16544 CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H
CVE-2018-0734 CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N
CVE-2018-0735 CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N
CVE-2018-20679 CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N
CVE-2019-1543 CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:N
CVE-2019-1547 CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:H/I:N/A:N
CVE-2019-1549 CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N
CVE-2019-1551 CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N
CVE-2019-1563 CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:N/A:N
CVE-2019-5747 CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N
CVE-2019-14697 CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H
CVE-2023-6246 CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H
CVE-2023-31484 CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H
CVE-2024-2961 CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:H
CVE-2024-33601 CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H
CVE-2024-33602 CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:L/A:L
CVE-2024-28834 CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:N/A:N
CVE-2024-28835 CVSS:3.1/AV:L/AC:L/PR:L/UI:R/S:U/C:N/I:N/A:H
CVE-2024-28085 CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:L/A:N
`;
