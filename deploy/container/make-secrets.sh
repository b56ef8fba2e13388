#!/usr/bin/env bash
# Makes what compose.yaml reads from secrets/, each new and random, and a certificate that signs itself until you have another.
# What is there already stays.
#
#   deploy/container/make-secrets.sh HOST [FOLDER]
set -euo pipefail
host=${1:?names no host: make-secrets.sh classify.example.org}
folder=${2:-$(dirname "$0")/secrets}
# Nobody else on this machine gets into the folder. The files themselves are open: in containers other users read them.
mkdir -p "$folder"
chmod 700 "$folder"
umask 022
cd "$folder"

new() { [ ! -e "$1" ]; }

! new database_password || openssl rand -hex 24 >database_password
! new pg_service.conf || cat >pg_service.conf <<END
[winnow]
host=database
dbname=winnow
user=winnow
password=$(cat database_password)
END
! new s3_keys || printf '%s\n%s\n' "$(openssl rand -hex 10)" "$(openssl rand -hex 24)" >s3_keys
{ read -r access; read -r secret; } <s3_keys
! new s3.json || cat >s3.json <<END
{"identities": [{"name": "winnow", "actions": ["Admin", "Read", "Write", "List"],
                 "credentials": [{"accessKey": "$access", "secretKey": "$secret"}]}]}
END
if new tls_key.pem; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=$host" -addext "subjectAltName=DNS:$host" \
    -keyout tls_key.pem -out tls_certificate.pem 2>/dev/null
  chmod 644 tls_key.pem
fi
echo "make-secrets: $folder has what compose.yaml reads; put your certificate in place of tls_certificate.pem and tls_key.pem" >&2
