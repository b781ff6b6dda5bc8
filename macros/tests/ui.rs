//! What the compiler says about mistakes; the text is that of the pinned toolchain.

#[test]
fn mistakes_are_explained_where_they_are() {
    trybuild::TestCases::new().compile_fail("tests/ui/fail/*.rs");
}
