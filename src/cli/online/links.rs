//! Which of an update's packages is for a host.

use crate::{
    catalog::Catalog,
    model::{Architecture, ProductSet},
    sources::update_catalog::Entry,
};

/// What a package is wanted for.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// products that the host may be; empty: not known
    pub(super) products: ProductSet,
    /// the host's architecture
    pub(super) architecture: Option<Architecture>,
    /// the host, in words
    pub(super) words: String,
}

/// Does a package fit?
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// for this product and architecture
    Yes,
    /// not known, and why
    Perhaps(String),
    /// for something else
    No(String),
}

/// Judges a package by what its title and page tell.
pub(super) fn fit(catalog: &Catalog, wanted: &Wanted, package: &Entry) -> Fit {
    let names = |set: ProductSet| {
        let all: Vec<&str> = set.iter().map(|p| catalog.product(p).name).collect();
        all.join(" or ")
    };
    let mut open = Vec::new();
    let of = package.titled.products;
    if of.is_empty() {
        open.push("its title names no product that kbwhy knows".to_owned());
    } else if wanted.products.is_empty() {
        open.push("it is not known which Windows the host runs".to_owned());
    } else if of.intersection(wanted.products).is_empty() {
        return Fit::No(format!("is for {}", names(of)));
    } else if !wanted.products.is_subset(of) {
        open.push(format!("it is for {}, and the host may be another", names(of)));
    }
    let only = |set: ProductSet| {
        let all = set.iter().flat_map(|p| catalog.product(p).architectures.iter());
        let all: std::collections::BTreeSet<Architecture> = all.collect();
        (all.len() == 1).then(|| all.first().copied()).flatten()
    };
    let single = || only(of).filter(|_| !of.is_empty());
    let architectures: Vec<Architecture> = match package.architectures.is_empty() {
        false => package.architectures.iter().collect(),
        true => single().into_iter().collect(),
    };
    match wanted.architecture {
        _ if architectures.is_empty() => open.push("it names no architecture".to_owned()),
        Some(a) if architectures.contains(&a) => {}
        Some(_) => {
            let all: Vec<&str> = architectures.iter().map(|a| a.name()).collect();
            return Fit::No(format!("is for {}", all.join(" and ")));
        }
        None if only(wanted.products).is_some_and(|a| architectures.contains(&a)) => {}
        None => open.push("the host's architecture is not known".to_owned()),
    }
    if open.is_empty() { Fit::Yes } else { Fit::Perhaps(open.join("; ")) }
}
