//! The script of `kbwhy collect`: it is PowerShell, it is old PowerShell, and it only reads. Whatever it calls is on a list
//! here; a change that calls more has to add to it.

use std::collections::BTreeSet;
use tree_sitter::{Node, Parser};

const SCRIPT: &str = include_str!("../src/collect/collect.ps1");
const EXAMPLE: &str = include_str!("../examples/server-2019-collected.json");

/// Commands that PowerShell 2.0 has, but for the one that replaces Get-WmiObject where it is missing.
const COMMANDS: &[&str] = &[
    "ForEach-Object",
    "Get-CimInstance",
    "Get-Command",
    "Get-WmiObject",
    "New-Object",
    "Write-Output",
    "Write-Warning",
];

const PARAMETERS: &[&str] = &["-ComObject", "-ErrorAction", "-Query"];

/// Operators of PowerShell 2.0; `-in`, `-notin`, `-shl` are later ones.
const OPERATORS: &[&str] =
    &["-contains", "-eq", "-gt", "-is", "-isnot", "-like", "-match", "-ne", "-notlike"];

/// Types of .NET Framework 2.0.
const TYPES: &[&str] = &[
    "CmdletBinding",
    "IntPtr",
    "Math",
    "Microsoft.Win32.Registry",
    "System.Collections.IDictionary",
    "System.Collections.IEnumerable",
    "System.DateTime",
    "System.Globalization.CultureInfo",
    "System.IO.Directory",
    "System.IO.File",
    "System.Security.Principal.WindowsBuiltInRole",
    "System.Security.Principal.WindowsIdentity",
    "System.Text.RegularExpressions.MatchEvaluator",
    "System.Text.StringBuilder",
    "bool",
    "char",
    "int",
    "long",
    "regex",
    "scriptblock",
    "string",
    "uint32",
    "void",
];

/// What is made by New-Object.
const OBJECTS: &[&str] = &[
    "-ComObject Microsoft.Update.AutoUpdate",
    "-ComObject Microsoft.Update.Session",
    "System.Collections.ArrayList",
    "System.Collections.Specialized.OrderedDictionary",
    "System.IO.DriveInfo($env:SystemDrive)",
    "System.Security.Principal.WindowsPrincipal $identity",
    "System.Text.StringBuilder",
];

/// Methods; one of them writes.
const METHODS: &[&str] = &[
    "Add",
    "Append",
    "Close",
    "CreateUpdateSearcher",
    "Exists",
    "GetCurrent",
    "GetSubKeyNames",
    "GetTotalHistoryCount",
    "GetUnresolvedProviderPathFromPSPath",
    "GetValue",
    "GetValueNames",
    "IsInRole",
    "Min",
    "OpenSubKey",
    "QueryHistory",
    "Replace",
    "ToString",
    "WriteAllText",
];

/// Statements that PowerShell 2.0 does not have, or that this script has no use for.
const REFUSED: &[&str] = &[
    "class_statement",
    "data_statement",
    "enum_statement",
    "inlinescript_statement",
    "invokation_foreach_expression",
    "parallel_statement",
    "pipeline_chain_tail",
    "redirection",
    "sequence_statement",
    "stop_parsing",
    "trap_statement",
];

fn text(node: Node) -> &'static str {
    &SCRIPT[node.byte_range()]
}

/// Every node of the script, the outer ones first.
fn with_nodes(mut visit: impl FnMut(Node)) {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).expect("the grammar fits the parser");
    let tree = parser.parse(SCRIPT, None).expect("the script is parsed");
    let mut open = vec![tree.root_node()];
    while let Some(node) = open.pop() {
        visit(node);
        open.extend((0..node.child_count()).filter_map(|i| node.child(i)));
    }
}

/// The texts of all nodes of a kind.
fn texts(kind: &str) -> BTreeSet<&'static str> {
    let mut out = BTreeSet::new();
    with_nodes(|n| {
        if n.kind() == kind {
            out.insert(text(n));
        }
    });
    out
}

fn all_listed(found: &BTreeSet<&str>, list: &[&str]) {
    let unlisted: Vec<_> = found.iter().filter(|f| !list.contains(f)).collect();
    assert!(unlisted.is_empty(), "not on the list: {unlisted:?}");
    let unused: Vec<_> = list.iter().filter(|l| !found.contains(*l)).collect();
    assert!(unused.is_empty(), "on the list, but not used: {unused:?}");
}

#[test]
fn it_is_powershell() {
    with_nodes(|n| {
        let line = n.start_position().row + 1;
        assert!(!n.is_error() && !n.is_missing(), "line {line}: {}", n.kind());
        assert!(!REFUSED.contains(&n.kind()), "line {line}: {} {}", n.kind(), text(n));
    });
}

#[test]
fn it_is_plain_and_fits() {
    assert!(SCRIPT.is_ascii(), "PowerShell 5.1 takes files without a mark for ANSI");
    for (i, line) in SCRIPT.lines().enumerate() {
        assert!(line.len() <= 120 && !line.ends_with(' ') && !line.contains('\t'), "line {}", i + 1);
        // an assignment that goes on in the next line is not sure to be read by 2.0
        assert!(!line.ends_with(" ="), "line {}", i + 1);
    }
    assert!(SCRIPT.lines().count() < 350);
}

#[test]
fn its_commands_are_on_the_list() {
    let own = texts("function_name");
    let called: BTreeSet<_> = texts("command_name").into_iter().filter(|c| !own.contains(c)).collect();
    all_listed(&called, COMMANDS);
    all_listed(&texts("command_parameter"), PARAMETERS);
    // the only thing that is called by a variable is the part that Read-Part is given
    all_listed(&texts("command_invokation_operator"), &["&"]);
    all_listed(&texts("command_name_expr"), &["$read"]);
    all_listed(&texts("path_command_name"), &["$read"]);
    let mut objects = BTreeSet::new();
    with_nodes(|n| {
        if n.kind() == "command" {
            objects.extend(text(n).strip_prefix("New-Object "));
        }
    });
    all_listed(&objects, OBJECTS);
}

#[test]
fn its_operators_and_types_are_old_enough() {
    all_listed(&texts("comparison_operator"), OPERATORS);
    all_listed(&texts("type_spec"), TYPES);
}

#[test]
fn it_writes_one_file_and_no_key() {
    let mut methods = BTreeSet::new();
    let mut writes = 0;
    with_nodes(|n| {
        if n.kind() != "invokation_expression" {
            return;
        }
        let children = || (0..n.child_count()).filter_map(|i| n.child(i));
        let name = children().find(|c| c.kind() == "member_name").map(text).expect("a method has a name");
        methods.insert(name);
        writes += usize::from(name == "WriteAllText");
        // a second argument would open a key for writing
        if name == "OpenSubKey" {
            let arguments = children().find(|c| c.kind() == "argument_list").expect("it names a key");
            assert!(!text(arguments).contains(','), "{}", text(n));
        }
    });
    all_listed(&methods, METHODS);
    assert_eq!(writes, 1);
    for query in SCRIPT.match_indices("Get-Instance ").map(|(i, m)| &SCRIPT[i + m.len()..]) {
        assert!(query.trim_start_matches(['(', '\'', '"']).starts_with("SELECT "), "{}", &query[..40]);
    }
}

/// What the script puts into `collected`, and what the example has that is read in other tests.
#[test]
fn the_example_has_the_members_that_it_writes() {
    let written: BTreeSet<&str> = SCRIPT
        .split("$collected['")
        .skip(1)
        .filter_map(|rest| rest.split_once("'] = "))
        .map(|(name, _)| name)
        .filter(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        .collect();
    let example: serde_json::Value = serde_json::from_str(EXAMPLE).expect("the example is JSON");
    let collected = example["collected"].as_object().expect("the example has the member");
    let shown: BTreeSet<&str> = collected.keys().map(String::as_str).collect();
    assert_eq!(written, shown);
}
