# shellcheck shell=bash
# Checks of regctl, for interop/clients.
# shellcheck disable=SC2154 # what interop/clients and lib.sh set

check_regctl() {
    check_access regctl
    check_client regctl "image copy in and out" regctl_copy
    check_client regctl "artifact put, list, get and tree" regctl_artifacts
    check_client regctl "image copy with referrers" regctl_copy_referrers
    check_client regctl "tag delete" regctl_tag_delete
}

regctl_run() {
    client regctl --host "reg=$address,tls=$([ -n "$plain" ] && echo disabled || echo enabled)" "$@"
}

regctl_login() {
    printf %s "$1" | regctl_run registry login "$address" -u "$user" --pass-stdin
}

regctl_push() {
    regctl_run image copy "ocidir://$image:latest" "$address/regctl/image:v1"
}

regctl_copy() {
    regctl_push
    regctl_run image copy "$address/regctl/image:v1" "ocidir://$out/regctl:latest"
    same_files "$image/blobs" "$out/regctl/blobs"
}

# A note on the image, and a note on that note.
regctl_artifacts() {
    local note
    regctl_run artifact put --artifact-type application/vnd.example.note --subject "$address/regctl/image:v1" <"$files/five"
    note=$(regctl_run artifact list --format '{{ (index .Descriptors 0).Digest }}' "$address/regctl/image:v1")
    regctl_run artifact put --artifact-type application/vnd.example.second --subject "$address/regctl/image@$note" <"$files/one"
    regctl_run artifact get --subject "$address/regctl/image:v1" >"$out/regctl-note"
    cmp "$files/five" "$out/regctl-note"
    has_both_notes "$address/regctl/image:v1"
}

has_both_notes() {
    regctl_run artifact tree "$1" >"$out/tree"
    grep application/vnd.example.note "$out/tree"
    grep application/vnd.example.second "$out/tree"
}

regctl_copy_referrers() {
    regctl_run image copy --referrers "$address/regctl/image:v1" "$address/regctl/copied:v1"
    has_both_notes "$address/regctl/copied:v1"
}

regctl_tag_delete() {
    regctl_run image copy "$address/regctl/image:v1" "$address/regctl/image:v2"
    regctl_run tag delete "$address/regctl/image:v2"
    equal v1 "$(regctl_run tag list "$address/regctl/image")"
}
