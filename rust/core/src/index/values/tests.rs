use super::*;

fn numbers<T: Cell + Clone>(bytes: &[u8], vr: Vr, width: Width) -> Option<Vec<T>> {
    let mut rows = Ragged::default();
    add_numbers(bytes, vr, ByteOrder::Little, width, &mut rows).then(|| rows.open().to_vec())
}

#[test]
fn numbers_are_read_from_what_the_file_has_and_never_guessed() {
    for (name, bytes, vr, width, expected) in [
        ("IS", &b" 12 "[..], Vr::IS, Width::One, Some(&[12][..])),
        ("padded with zero", b"12\0", Vr::IS, Width::One, Some(&[12])),
        ("written as decimal", b"3.0 ", Vr::DS, Width::One, Some(&[3])),
        ("a fraction", b"3.5", Vr::IS, Width::One, None),
        ("too large for a float", b"1e300", Vr::IS, Width::One, None),
        ("text", b"three", Vr::LO, Width::One, None),
        ("blank", b"  ", Vr::IS, Width::One, Some(&[])),
        ("two for one", b"1\\2 ", Vr::IS, Width::One, None),
        ("one for two", b"1 ", Vr::IS, Width::Fixed(2), None),
        ("a gap", b"1\\\\2", Vr::IS, Width::Widest, None),
        ("binary", b"\x01\0\xFF\xFF", Vr::US, Width::Fixed(2), Some(&[1, 65535])),
        ("half a number", b"\x01\0\xFF", Vr::US, Width::Widest, None),
        ("past 63 bits", b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", Vr::UV, Width::One, None),
        ("bytes", b"12", Vr::OB, Width::One, None),
    ] {
        assert_eq!(numbers::<i64>(bytes, vr, width).as_deref(), expected, "{name}");
    }
    for (name, bytes, vr, expected) in [
        ("DS", &b"1.5\\-2e1 \\ 3"[..], Vr::DS, Some(&[1.5, -20.0, 3.0][..])),
        ("binary", b"\0\0\xC0\x3F", Vr::FL, Some(&[1.5])),
        ("a whole number", b"\x02\0", Vr::US, Some(&[2.0])),
        ("infinity", b"inf ", Vr::DS, None),
        ("no number", b"NaN ", Vr::DS, None),
        ("a comma", b"1,5 ", Vr::DS, None),
        ("not ASCII", b"1\xB5", Vr::DS, None),
    ] {
        assert_eq!(numbers::<f64>(bytes, vr, Width::Widest).as_deref(), expected, "{name}");
    }
}

#[test]
fn text_is_that_of_the_file() {
    let rules = Rules::default();
    let bytes = HeaderBytes { file: None, segments: &[], window: &[], base: 0 };
    let level = Level::new(&[], Encoding::EXPLICIT_LITTLE, bytes, Context::OUTERMOST, &rules);
    for (name, bytes, vr, expected) in [
        ("several", &b"ORIGINAL\\PRIMARY "[..], Vr::CS, Some("ORIGINAL\\PRIMARY")),
        ("a UID", b"1.2.3\0", Vr::UI, Some("1.2.3")),
        ("an AE", b" STORE  ", Vr::AE, Some("STORE")),
        ("tags", b"\x18\0\x63\x10\x18\0\x65\x10", Vr::AT, Some("(0018,1063)\\(0018,1065)")),
        ("numbers of a private element", b"\x01\0\xFF\xFF", Vr::SS, Some("1\\-1")),
        ("floats", b"\0\0\xC0\x3F", Vr::FL, Some("1.5")),
        ("a date that is none", b"20200230", Vr::DA, None),
        ("seven digits of a fraction", b"120102.1234567", Vr::TM, None),
        ("no character", b"M\xFC", Vr::LO, None),
        ("half a tag", b"\x18\0", Vr::AT, None),
        ("bytes", b"\x18\0", Vr::OB, None),
    ] {
        let mut text = Vec::new();
        let fit = level.add_text(bytes, vr, ByteOrder::Little, &mut text);
        let found = (fit == Fit::Good).then_some(text.as_slice());
        assert_eq!(found, expected.map(str::as_bytes), "{name}");
    }
}

#[test]
fn whole_numbers_are_read_up_to_where_floats_are_exact() {
    for (number, expected) in [
        (3.0, Some(3)),
        (-3.0, Some(-3)),
        (3.5, None),
        (9_007_199_254_740_992.0, Some(9_007_199_254_740_992)),
        (-9_007_199_254_740_992.0, Some(-9_007_199_254_740_992)),
        (9_007_199_254_740_994.0, None),
        (f64::NAN, None),
        (f64::INFINITY, None),
    ] {
        assert_eq!(whole(number), expected, "{number}");
    }
    assert_eq!(u64_of(Number::Unsigned(7)), Some(7));
    assert_eq!(u64_of(Number::Int(7)), None);
    assert_eq!(i64::from_number(Number::Unsigned(u64::MAX)), None);
    assert_eq!(i64::from_number(Number::Float(2.0)), Some(2));
    assert_eq!(f64::from_number(Number::Int(-2)), Some(-2.0));
}

#[test]
fn bytes_come_from_the_window_or_are_missing() {
    let window = [1, 2, 3, 4];
    let bytes = HeaderBytes { file: None, segments: &[], window: &window, base: 100 };
    for (offset, length, expected) in [
        (100, 4, Some(&[1, 2, 3, 4][..])),
        (101, 2, Some(&[2, 3])),
        (104, 0, Some(&[])),
        (103, 2, None),
        (99, 1, None),
        (100, u64::MAX, None),
    ] {
        let found = bytes.get(offset, length, 1000);
        assert_eq!(found.ok().as_deref(), expected, "{offset} {length}");
    }
    let error = bytes.get(99, 1, 1000).unwrap_err();
    assert_eq!(error.offset(), Some(99));
    assert!(matches!(error.kind(), ErrorKind::ValueCutShort { needed: 1, available: 0 }));
}
