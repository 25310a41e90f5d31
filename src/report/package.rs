//! `kbwhy/package/1`: what a package file tells of itself.

use serde::Serialize;
use std::collections::BTreeMap;

/// What a package file tells.
#[derive(Clone, Debug, Serialize)]
pub struct PackageReport {
    /// schema and its version
    pub schema: &'static str,
    /// the file as the user named it
    pub file: String,
    /// what it is
    pub kind: &'static str,
    /// the update
    pub update: Option<String>,
    /// identity of the package, as servicing names it
    pub identity: Option<String>,
    /// the member that says so; empty for the file itself
    pub manifest: Option<String>,
    /// what it is, in Microsoft's words
    pub description: Option<String>,
    /// `Security Update`, `Update`, …
    pub release_type: Option<String>,
    /// its page
    pub support: Option<String>,
    /// products that it is for, as its properties word them; informational
    pub products: Vec<String>,
    /// architecture of the systems that it is for
    pub architecture: Option<&'static str>,
    /// language; absent for all
    pub language: Option<String>,
    /// packages of which any one must be there; empty if it asks for none
    pub parents: Vec<ParentReport>,
    /// all parents were read
    pub parents_whole: bool,
    /// least servicing stack; absent if it asks for none
    pub servicing_stack: Option<String>,
    /// it says which servicing stack it asks for, be it none
    pub servicing_stack_stated: bool,
    /// servicing stacks that it brings
    pub brings_stacks: Vec<String>,
    /// `possible`, `required`, `never`
    pub restart: Option<String>,
    /// packages that it consists of
    pub children: Vec<String>,
    /// file with the payload's deltas
    pub psf: Option<String>,
    /// how the payload is packed
    pub payload: Option<String>,
    /// fragments of Windows Update's rules that come with it
    pub rules: Vec<String>,
    /// files in all cabinets that were opened
    pub members: u64,
    /// images of a Windows image
    pub images: Vec<String>,
    /// `Key="Value"` of its properties
    pub properties: BTreeMap<String, String>,
    /// what is odd or was left out
    pub remarks: Vec<String>,
}

/// A package that will do.
#[derive(Clone, Debug, Serialize)]
pub struct ParentReport {
    /// its identity
    pub identity: String,
    /// the update that it is of
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<String>,
    /// which versions will do, in words
    pub versions: String,
}
