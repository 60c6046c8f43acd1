# shellcheck shell=bash
# Checks of oras, for interop/clients.
# shellcheck disable=SC2154 # what interop/clients and lib.sh set

check_oras() {
    local name
    check_access oras
    for name in "${names[@]}"; do
        check_client oras "push and pull: $name" oras_push_and_pull "$name"
    done
    check_client oras "attach and discover" oras_attach
    check_client oras "copy with referrers to another repository" oras_copy
    check_client oras "backup and restore with referrers" oras_backup
    check_client oras "delete" oras_delete
}

# oras_run COMMAND ARGUMENT...
oras_run() {
    local command=$1
    shift
    client oras "$command" ${plain:+--plain-http} "$@"
}

oras_login() {
    printf %s "$1" | oras_run login "$address" -u "$user" --password-stdin
}

oras_push() {
    (cd "$files" && oras_run push "$address/oras/files:one" one)
}

# oras_push_and_pull FILE
oras_push_and_pull() {
    local reference=$address/oras/files:$1
    (cd "$files" && oras_run push "$reference" "$1")
    oras_run pull --output "$out/oras-$1" "$reference"
    cmp "$files/$1" "$out/oras-$1/$1"
    if [ -n "$plain" ]; then
        ours_reads fetch "$reference" "$out/oras-ours-$1"
        cmp "$files/$1" "$out/oras-ours-$1/$1"
    fi
}

oras_attach() {
    (cd "$files" && oras_run attach --artifact-type application/vnd.example.note "$address/oras/files:five" one)
    has_note "$address/oras/files:five"
}

has_note() {
    oras_run discover --format json "$1" | grep application/vnd.example.note
}

oras_copy() {
    client oras copy ${plain:+--from-plain-http --to-plain-http} --recursive \
        "$address/oras/files:five" "$address/oras/copied:five"
    equal "$(oras_run resolve "$address/oras/files:five")" "$(oras_run resolve "$address/oras/copied:five")"
    has_note "$address/oras/copied:five"
}

oras_backup() {
    oras_run backup --include-referrers --output "$out/backup.tar" "$address/oras/files:five"
    oras_run restore --input "$out/backup.tar" "$address/oras/restored:five"
    equal "$(oras_run resolve "$address/oras/files:five")" "$(oras_run resolve "$address/oras/restored:five")"
    has_note "$address/oras/restored:five"
    oras_run pull --output "$out/oras-restored" "$address/oras/restored:five"
    cmp "$files/five" "$out/oras-restored/five"
}

oras_delete() {
    client oras manifest delete ${plain:+--plain-http} --force "$address/oras/copied:five"
    exits 1 oras_run resolve "$address/oras/copied:five"
}
