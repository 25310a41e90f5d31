//! Every check: a catalog that has the fault, and one that has not.
#[test]
fn show() {
    let f = crate::catalog::tests_embedded();
    for x in super::lint(&[&f]) {
        println!("{:?} {} {}: {}", x.level, x.check, x.about, x.text);
    }
}
