//! Generates the wire types from the descriptor set that `temporalio-protos` exports.
//!
//! No `.proto` text lives in this repository and no `protoc` is needed. Set
//! `OUTLAST_DESCRIPTOR_SET` to a file to build from another descriptor set.

use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet};

/// Packages that no part of Outlast speaks.
const LEFT_OUT: [&str; 6] = [
    "cloud",
    "coresdk",
    "google.api",
    "openapi",
    "grpc.gateway",
    "temporal.sdk",
];

fn main() {
    let descriptors = pruned(&read_descriptors());
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    write_descriptors(&descriptors, &out_dir.join("descriptors.bin"));

    tonic_prost_build::configure()
        .bytes(".")
        .btree_map(".")
        .boxed(".temporal.api.history.v1.HistoryEvent.attributes")
        .boxed(".temporal.api.command.v1.Command.attributes")
        .build_transport(false)
        .generate_default_stubs(true)
        .include_file("protos.rs")
        .compile_fds(descriptors)
        .expect("the descriptor set is valid");
}

fn read_descriptors() -> FileDescriptorSet {
    println!("cargo:rerun-if-env-changed=OUTLAST_DESCRIPTOR_SET");
    let path = env::var("OUTLAST_DESCRIPTOR_SET")
        .or_else(|_| env::var("DEP_TEMPORALIO_PROTOS_DESCRIPTOR_PATH"))
        .expect("temporalio-protos exports the path of its descriptor set");
    println!("cargo:rerun-if-changed={path}");
    let bytes = fs::read(&path).unwrap_or_else(|e| panic!("cannot read {path}: {e}"));
    FileDescriptorSet::decode(&*bytes).expect("the descriptor set decodes")
}

fn pruned(all: &FileDescriptorSet) -> FileDescriptorSet {
    let keep = |file: &&FileDescriptorProto| {
        let package = file.package();
        !LEFT_OUT.iter().any(|name| package.contains(name))
    };
    FileDescriptorSet {
        file: all.file.iter().filter(keep).cloned().collect(),
    }
}

/// Writes the set without comments, options of left-out packages and unresolvable imports.
fn write_descriptors(descriptors: &FileDescriptorSet, path: &Path) {
    let mut slim = descriptors.clone();
    let kept: Vec<String> = slim
        .file
        .iter()
        .map(|file| file.name().to_owned())
        .collect();
    for file in &mut slim.file {
        file.source_code_info = None;
        file.dependency.retain(|import| kept.contains(import));
        file.public_dependency.clear();
        file.weak_dependency.clear();
    }
    fs::write(path, slim.encode_to_vec()).expect("OUT_DIR is writable");
}
