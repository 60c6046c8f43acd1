# shellcheck shell=bash
# Checks of cosign, for interop/clients: with a key and without any service.
# shellcheck disable=SC2154 # what interop/clients and lib.sh set

check_cosign() {
    if ! have crane; then # which pushes the image
        skip "$mode: cosign" "$(why_missing crane)"
        return
    fi
    check_client cosign "makes a key" cosign_key
    check_access cosign
    check_client cosign "sign and verify, signature as a referrer" cosign_sign true
    check_client cosign "sign and verify, signature by a tag" cosign_sign false
    check_client cosign "attest and verify" cosign_attest
    check_client cosign "tree shows both kinds of signatures" cosign_tree
    check_client cosign "finds no signature by another key" cosign_other_key
}

cosign_run() {
    COSIGN_PASSWORD='' client cosign "$@"
}

# cosign_registry COMMAND ARGUMENT...: where a registry is asked.
cosign_registry() {
    cosign_run "$@" ${plain:+--allow-http-registry}
}

cosign_login() {
    cosign_run login "$address" --username "$user" --password "$1"
}

cosign_key() {
    crane_run push "$image" "$address/cosign/image:v1"
    cosign_run generate-key-pair --output-key-prefix "$out/cosign"
    cosign_run generate-key-pair --output-key-prefix "$out/other"
}

cosign_image() {
    echo "$address/cosign/$1@$(layout_digest "$image")"
}

cosign_push() {
    cosign_write sign "$(cosign_image image)"
}

# cosign_write COMMAND ARGUMENT...
cosign_write() {
    cosign_registry "$@" --yes --key "$out/cosign.key" --use-signing-config=false --tlog-upload=false
}

# cosign_read KEY COMMAND ARGUMENT...
cosign_read() {
    local key=$1
    shift
    cosign_registry "$@" --key "$out/$key.pub" --insecure-ignore-tlog=true --offline
}

# cosign_sign BUNDLE: each in a repository that has no other signatures.
cosign_sign() {
    local signed
    signed=$(cosign_image "signed-$1")
    crane_run push "$image" "$address/cosign/signed-$1:v1"
    exits_not_zero cosign_read cosign verify "$signed" --new-bundle-format="$1"
    cosign_write sign "$signed" --new-bundle-format="$1"
    cosign_read cosign verify "$signed" --new-bundle-format="$1" >"$out/verified-$1"
    grep --fixed-strings "$(layout_digest "$image")" "$out/verified-$1"
}

cosign_attest() {
    echo '{"tested": true}' >"$out/predicate"
    cosign_write attest "$(cosign_image signed-true)" --type custom --predicate "$out/predicate"
    cosign_read cosign verify-attestation "$(cosign_image signed-true)" --type custom
}

cosign_tree() {
    cosign_registry tree "$(cosign_image signed-true)" >"$out/tree-true"
    grep --fixed-strings 'via OCI referrer' "$out/tree-true"
    cosign_registry tree "$(cosign_image signed-false)" >"$out/tree-false"
    grep --fixed-strings 'Signatures for an image tag' "$out/tree-false"
}

cosign_other_key() {
    exits_not_zero cosign_read other verify "$(cosign_image signed-true)"
    exits_not_zero cosign_read other verify "$(cosign_image signed-false)" --new-bundle-format=false
}
