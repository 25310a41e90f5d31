//! Values of a JSON document with their place in it, for readers that look for members by name.

use super::lines::clean;
use crate::model::{Fact, Origin};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The longest name of a member that a place shows.
const SHOWN: usize = 60;

/// More members than any object has.
const MEMBERS: usize = 10_000;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    pub(super) at: String,
    pub(super) value: &'a Value,
}

impl<'a> Node<'a> {
    pub(super) fn root(value: &'a Value) -> Self {
        Self { at: String::new(), value }
    }

    fn child(&self, name: &str, value: &'a Value) -> Node<'a> {
        let name: String = clean(name).chars().take(SHOWN).collect();
        let dot = if self.at.is_empty() { "" } else { "." };
        Node { at: format!("{}{dot}{name}", self.at), value }
    }

    pub(super) fn object(&self) -> Option<&'a Map<String, Value>> {
        self.value.as_object()
    }

    /// A member by its name in any case; `null` is as good as missing.
    pub(super) fn get(&self, name: &str) -> Option<Node<'a>> {
        let object = self.value.as_object()?;
        let exact = object.get_key_value(name);
        let (key, value) =
            exact.or_else(|| object.iter().take(MEMBERS).find(|(k, _)| k.eq_ignore_ascii_case(name)))?;
        (!value.is_null()).then(|| self.child(key, value))
    }

    /// A member of a member of …
    pub(super) fn path(&self, names: &[&str]) -> Option<Node<'a>> {
        let mut node = self.clone();
        for name in names {
            node = node.get(name)?;
        }
        Some(node)
    }

    /// The first of several members that is there.
    pub(super) fn any(&self, names: &[&str]) -> Option<Node<'a>> {
        names.iter().find_map(|n| self.get(n))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The elements of an array; none of anything else.
    pub(super) fn elements(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let at = self.at.clone();
        let array = self.value.as_array().map(Vec::as_slice).unwrap_or_default();
        array.iter().enumerate().map(move |(i, value)| Node { at: format!("{at}[{i}]"), value })
    }

    /// The elements of an array, or the one value that is none.
    pub(super) fn each(&self) -> Vec<Node<'a>> {
        if self.value.is_array() { self.elements().collect() } else { vec![self.clone()] }
    }

    /// The members of an object with their names.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        self.value.as_object().into_iter().flatten().map(|(k, v)| (k.as_str(), self.child(k, v)))
    }

    /// A text or number that is not empty.
    pub(super) fn text(&self) -> Option<String> {
        let text = match self.value {
            Value::String(s) => clean(s).trim().to_owned(),
            Value::Number(n) => n.to_string(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    /// The text of a member.
    pub(super) fn text_of(&self, name: &str) -> Option<String> {
        self.get(name)?.text()
    }

    /// A whole number, as a number or as text.
    pub(super) fn number(&self) -> Option<i64> {
        match self.value {
            Value::Number(n) => n.as_i64(),
            Value::String(s) => s.trim().parse().ok(),
            _ => None,
        }
    }

    pub(super) fn flag(&self) -> Option<bool> {
        match self.value {
            Value::Bool(b) => Some(*b),
            Value::String(s) if s.trim().eq_ignore_ascii_case("true") => Some(true),
            Value::String(s) if s.trim().eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    pub(super) fn origin(&self, input: &Arc<str>, format: &'static str) -> Origin {
        Origin::member(input, format, self.at.as_str())
    }

    /// The text with its origin.
    pub(super) fn told(&self, input: &Arc<str>, format: &'static str) -> Option<Fact<String>> {
        Some(Fact::new(self.text()?, self.origin(input, format)))
    }
}
