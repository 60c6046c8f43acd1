# shellcheck shell=bash
# What the scripts in this directory share: servers that are started and stopped, checks that are
# counted, and files to move. To be sourced; everything that it makes is gone when the script ends.
set -euo pipefail

interop=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$interop")
cache=$interop/.cache
scratch=$(mktemp -d)
export PATH=$cache/bin:$PATH
passed=0 failed=0 skipped=0
server_pid='' server_store='' other_pid='' other_store='' address='' scheme=http proxy_pid='' proxy=''
user=tester password=correct-horse

# --- Checks -------------------------------------------------------------------------------------

# check NAME COMMAND...: runs the command, a function as a rule, to its first failure. What the command
# writes to $scratch/note is shown with the name.
check() {
    local name=$1 status started=$SECONDS
    shift
    : >"$scratch/note"
    set +e
    (set -e; "$@") >"$scratch/check.log" 2>&1 </dev/null
    status=$?
    set -e
    [ -s "$scratch/note" ] && name="$name: $(cat "$scratch/note")"
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
        printf 'ok   %s (%d s)\n' "$name" $((SECONDS - started))
    else
        failed=$((failed + 1))
        printf 'FAIL %s (exit status %d)\n' "$name" "$status"
        tail -n 20 "$scratch/check.log" | sed 's/^/     | /'
    fi
}

# skip NAME REASON
skip() {
    skipped=$((skipped + 1))
    printf 'SKIP %s: %s\n' "$1" "$2"
}

# check_with PROGRAM NAME COMMAND...: the check, or a skip where the program is not installed.
check_with() {
    local program=$1
    shift
    if have "$program"; then
        check "$@"
    else
        skip "$1" "$(why_missing "$program")"
    fi
}

# Prints the counts; the script's exit status.
summary() {
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" -eq 0 ]
}

have() {
    type -P "$1" >/dev/null
}

why_missing() {
    local reason=$cache/skipped/$1
    if [ -s "$reason" ]; then
        printf '%s could not be installed: %s' "$1" "$(cat "$reason")"
    else
        printf '%s is not installed; run interop/install %s' "$1" "$1"
    fi
}

# equal EXPECTED ACTUAL
equal() {
    [ "$1" = "$2" ] || { printf 'expected: %s\nactual:   %s\n' "$1" "$2"; return 1; }
}

# exits STATUS COMMAND...
exits() {
    local expected=$1 status=0
    shift
    "$@" || status=$?
    equal "exit status $expected" "exit status $status"
}

# exits_not_zero COMMAND...: which a program that ended by a signal did not do.
exits_not_zero() {
    local status=0
    "$@" || status=$?
    if [ "$status" -eq 0 ] || [ "$status" -ge 124 ]; then
        echo "exit status $status"
        return 1
    fi
}

# The files of two directories are the same, byte for byte, and none is missing from either.
same_files() {
    diff -r --brief "$1" "$2"
}

# Two JSON documents have the same value.
same_json() {
    python3 -c 'import json, sys; a, b = (json.load(open(p)) for p in sys.argv[1:]); sys.exit(a != b)' "$1" "$2"
}

# --- Programs -----------------------------------------------------------------------------------

# Builds the examples, unless EXAMPLES names a directory that has them.
build_examples() {
    [ -n "${EXAMPLES:-}" ] && return 0
    cargo build --quiet --release --locked --examples --manifest-path "$root/Cargo.toml"
    EXAMPLES=${CARGO_TARGET_DIR:-$root/target}/release/examples
}

# ours NAME ARGUMENT...: runs one of the examples.
ours() {
    local name=$1
    shift
    timeout 300 "$EXAMPLES/$name" "$@"
}

# peer NAME ARGUMENT...: runs another client.
peer() {
    timeout 300 "$@"
}

# timed FILE COMMAND...: adds a line to FILE: elapsed seconds, CPU seconds and peak memory in KiB, of the largest process.
timed() {
    local file=$1
    shift
    timeout 600 "$(type -P time)" --quiet --format '%e %U %S %M' --output "$scratch/timed" "$@"
    awk '{ print $1, $2 + $3, $4 }' "$scratch/timed" | tee -a "$file"
}

# --- Things to move -----------------------------------------------------------------------------

# make_files DIR: files of 0 bytes, 1 byte, 5 MB and 300 MB.
make_files() {
    mkdir -p "$1"
    head -c 0 /dev/urandom >"$1/empty"
    head -c 1 /dev/urandom >"$1/one"
    head -c 5000000 /dev/urandom >"$1/five"
    head -c 300000000 /dev/urandom >"$1/big"
}

# make_image DIR LAYERS BYTES: an image in an OCI layout, tagged `latest`.
make_image() {
    python3 "$interop/make_image.py" "$@"
}

# The digest of the only manifest in the index of an OCI layout.
layout_digest() {
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["manifests"][0]["digest"])' "$1/index.json"
}

# --- Servers ------------------------------------------------------------------------------------

# start_server NAME: on a free port of the loopback with an empty store; sets `address`. With `scheme` https
# for one that speaks TLS.
start_server() {
    local name=$1 port
    port=$(free_port)
    server_store=$(mktemp -d "$scratch/store.XXXXXX")
    address=127.0.0.1:$port
    "serve_with_$name" "$port" "$server_store" >"$scratch/server.log" 2>&1 </dev/null &
    server_pid=$!
    if ! answers "$address" "$server_pid"; then
        echo "$name does not answer on $address:"
        tail -n 20 "$scratch/server.log"
        stop_server
        return 1
    fi
}

stop_server() {
    [ -n "$server_pid" ] || return 0
    kill "$server_pid" 2>/dev/null || true
    wait "$server_pid" 2>/dev/null || true
    rm -rf "$server_store"
    server_pid=''
}

# start_other_server NAME: one that runs beside the next one; sets `other`.
start_other_server() {
    start_server "$1" || return 1
    # shellcheck disable=SC2034 # what the script that starts it wants
    other=$address
    other_pid=$server_pid other_store=$server_store server_pid=''
}

stop_other_server() {
    local pid=$server_pid store=$server_store
    server_pid=$other_pid server_store=$other_store other_pid=''
    stop_server
    server_pid=$pid server_store=$store
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# answers ADDRESS PID: within 20 seconds, and while the process lives.
answers() {
    local attempt
    for attempt in $(seq 200); do
        kill -0 "$2" 2>/dev/null || return 1
        curl --silent --insecure --output /dev/null --max-time 2 "$scheme://$1/v2/" && return 0
        sleep 0.1
    done
    echo "no answer after $attempt attempts"
    return 1
}

serve_with_crane() {
    exec crane registry serve --address "127.0.0.1:$1" --disk "$2"
}

serve_with_distribution() {
    distribution_config "$@" >"$2/config.yml"
    OTEL_TRACES_EXPORTER=none exec distribution serve "$2/config.yml"
}

serve_with_docker-registry() {
    distribution_config "$@" >"$2/config.yml"
    exec docker-registry serve "$2/config.yml"
}

serve_with_olareg() {
    exec olareg serve --addr 127.0.0.1 --port "$1" --dir "$2" --api-delete --api-blob-delete
}

# With a user who may do everything, and nobody else who may do anything.
serve_with_olareg-basic() {
    olareg_users >"$2.yaml"
    exec olareg serve --addr 127.0.0.1 --port "$1" --dir "$2" --api-delete --api-blob-delete --auth-basic "$2.yaml"
}

serve_with_olareg-token() {
    olareg_users >"$2.yaml"
    exec olareg serve --addr 127.0.0.1 --port "$1" --dir "$2" --api-delete --api-blob-delete \
        --auth-token-opaque "$2.yaml" --external-url "http://127.0.0.1:$1"
}

# The same with tokens that are good for two seconds, as seen through the proxy that is to be started next.
serve_with_olareg-brief() {
    olareg_users >"$2.yaml"
    exec olareg-brief serve --addr 127.0.0.1 --port "$1" --dir "$2" --auth-token-opaque "$2.yaml" \
        --external-url "http://127.0.0.1:$1"
}

serve_with_distribution-htpasswd() {
    bcrypted >"$2.htpasswd"
    distribution_config "$@" >"$2/config.yml"
    printf 'auth:\n  htpasswd: { realm: test, path: %s }\n' "$2.htpasswd" >>"$2/config.yml"
    OTEL_TRACES_EXPORTER=none exec distribution serve "$2/config.yml"
}

serve_with_ours() {
    exec "$EXAMPLES/serve" --addr "127.0.0.1:$1" --dir "$2"
}

serve_with_ours-basic() {
    bcrypted >"$2.htpasswd"
    exec "$EXAMPLES/serve" --addr "127.0.0.1:$1" --dir "$2" --htpasswd "$2.htpasswd"
}

serve_with_ours-token() {
    bcrypted >"$2.htpasswd"
    exec "$EXAMPLES/serve" --addr "127.0.0.1:$1" --dir "$2" --htpasswd "$2.htpasswd" --token-auth
}

# With tokens too, as a registry on a network would have it; with the certificate of make_certificate.
serve_with_ours-tls() {
    bcrypted >"$2.htpasswd"
    exec "$EXAMPLES/serve" --addr "127.0.0.1:$1" --dir "$2" --htpasswd "$2.htpasswd" --token-auth \
        --tls-cert "$scratch/tls.crt" --tls-key "$scratch/tls.key"
}

serve_with_zot() {
    cat >"$2.json" <<JSON
{
  "distSpecVersion": "1.1.1",
  "storage": { "rootDirectory": "$2", "gc": false },
  "http": { "address": "127.0.0.1", "port": "$1" },
  "log": { "level": "error" }
}
JSON
    exec zot serve "$2.json"
}

serve_with_zot-htpasswd() {
    bcrypted >"$2.htpasswd"
    cat >"$2.json" <<JSON
{
  "distSpecVersion": "1.1.1",
  "storage": { "rootDirectory": "$2", "gc": false },
  "http": { "address": "127.0.0.1", "port": "$1", "auth": { "htpasswd": { "path": "$2.htpasswd" } } },
  "log": { "level": "error" }
}
JSON
    exec zot serve "$2.json"
}

# USER:HASH
bcrypted() {
    htpasswd -nbB "$user" "$password" | head -n 1
}

olareg_users() {
    cat <<YAML
users:
  $user:
    cred: "$(bcrypted | cut -d : -f 2)"
groups:
  everybody:
    members: ["$user"]
acls:
  - repo: "*"
    members: ["everybody"]
    access: ["*"]
  - repo: ""
    members: ["everybody"]
    access: ["read"]
YAML
}

distribution_config() {
    cat <<YAML
version: 0.1
log: { level: warn }
storage:
  filesystem: { rootdirectory: $2 }
  delete: { enabled: true }
http: { addr: "127.0.0.1:$1" }
YAML
}

# A certificate for 127.0.0.1 that nobody trusts unless SSL_CERT_FILE names it, with its key.
make_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=interop \
        -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE \
        -keyout "$scratch/tls.key" -out "$scratch/tls.crt" 2>"$scratch/openssl.log" || { cat "$scratch/openssl.log"; return 1; }
}

# --- Proxies ------------------------------------------------------------------------------------

# start_proxy SCRIPT ARGUMENT...: one of the proxies in this directory; sets `proxy` to its address.
start_proxy() {
    local script=$1 attempt
    shift
    : >"$scratch/proxy.log"
    python3 "$interop/$script" "$@" >"$scratch/proxy.log" 2>&1 </dev/null &
    proxy_pid=$!
    for attempt in $(seq 100); do
        proxy=$(sed -n 's/^listening on //p' "$scratch/proxy.log")
        [ -n "$proxy" ] && return 0
        sleep 0.1
    done
    echo "the proxy did not start after $attempt attempts"
    return 1
}

stop_proxy() {
    [ -n "$proxy_pid" ] || return 0
    kill "$proxy_pid" 2>/dev/null || true
    wait "$proxy_pid" 2>/dev/null || true
    proxy_pid=''
}

clean_up() {
    stop_proxy
    stop_server
    stop_other_server
    rm -rf "$scratch"
}
trap clean_up EXIT
