//! The rules of image configurations.

use super::{
    Report, annotations,
    grammar::{Port, is_date_time, is_env, is_signal, port},
    platform,
};
use crate::{ExecutionConfig, History, ImageConfig, RootFs, json::Path};

pub(super) fn check(config: &ImageConfig, report: &mut Report) {
    let root = Path::Root;
    check_created(config.created.as_deref(), &root, report);
    platform::check_names(&config.os, &config.architecture, PROPERTIES, &root, report);
    platform::check_variant(&config.platform(), PROPERTIES, &root, report);
    if let Some(execution) = &config.config {
        check_execution(execution, &root.name("config"), report);
    }
    check_rootfs(&config.rootfs, &root.name("rootfs"), report);
    check_history(config, &root, report);
}

fn check_created(created: Option<&str>, path: &Path<'_>, report: &mut Report) {
    if created.is_some_and(|created| !is_date_time(created)) {
        let message = "the value must be an RFC 3339 date and time, such as `2026-02-28T12:00:00Z`";
        report.error(&path.name("created"), PROPERTIES, message);
    }
}

fn check_execution(config: &ExecutionConfig, path: &Path<'_>, report: &mut Report) {
    if let Err(error) = config.parsed_user() {
        report.warning(&path.name("User"), PROPERTIES, error.to_string());
    }
    for name in config.exposed_ports.keys() {
        let ports = path.name("ExposedPorts");
        match port(name) {
            Port::Defined => {}
            Port::Docker => report.warning(&ports.name(name), PROPERTIES, "only Docker knows ports of this form"),
            Port::Invalid => {
                let message = "the name must be of the form `port/tcp`, `port/udp` or `port`";
                report.error(&ports.name(name), PROPERTIES, message);
            }
        }
    }
    for (index, variable) in config.env.iter().enumerate() {
        if !is_env(variable) {
            let message = "the value must be of the form `NAME=value`";
            report.error(&path.name("Env").index(index), PROPERTIES, message);
        }
    }
    if config
        .stop_signal
        .as_deref()
        .is_some_and(|signal| !signal.is_empty() && !is_signal(signal))
    {
        let message = "the value should be the name of a signal, such as `SIGTERM` or `SIGRTMIN+3`";
        report.warning(&path.name("StopSignal"), PROPERTIES, message);
    }
    if config.args_escaped == Some(true) {
        report.warning(&path.name("ArgsEscaped"), PROPERTIES, "the field is deprecated");
    }
    annotations::check(&config.labels, annotations::Place::Labels, &path.name("Labels"), report);
}

fn check_rootfs(rootfs: &RootFs, path: &Path<'_>, report: &mut Report) {
    if rootfs.kind != RootFs::LAYERS {
        report.error(
            &path.name("type"),
            PROPERTIES,
            format!("the value must be `{}`", RootFs::LAYERS),
        );
    }
    for (index, diff_id) in rootfs.diff_ids.iter().enumerate() {
        if !diff_id.is_verifiable() {
            let message = "the algorithm cannot be computed here, so that the layer cannot be verified";
            report.warning(
                &path.name("diff_ids").index(index),
                "image-spec/descriptor.md#digests",
                message,
            );
        }
    }
}

fn check_history(config: &ImageConfig, root: &Path<'_>, report: &mut Report) {
    for (index, step) in config.history.iter().enumerate() {
        check_created(step.created.as_deref(), &root.name("history").index(index), report);
    }
    let layers = config.history.iter().filter(|step| History::has_layer(step)).count();
    let diff_ids = config.rootfs.diff_ids.len();
    if !config.history.is_empty() && layers != diff_ids {
        let message = format!("the history tells of {layers} layers, but there are {diff_ids}");
        report.warning(&root.name("rootfs").name("diff_ids"), PROPERTIES, message);
    }
}

const PROPERTIES: &str = "image-spec/config.md#properties";
