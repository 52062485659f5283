//! JPEG XL: frames that libjxl encoded, each of 6 rows and 5 columns unless it says otherwise.

use rapidicom_core::ErrorKind;
use rapidicom_core::codec::JpegXl;

use super::rle_encoder::Chance;
use super::{decode, image};

/// The `index`th pixel, from 0, has the grey value 7 `index`.
const GREY_8: &str = "\
    ff0a28000880a0b8110804010074004b12c58285241282ee2e84dc1478238087e33441590403046d1134b500\
";
/// 139 `index`, of 12 bits.
const GREY_12: &str = "\
    ff0a280008c0a0681108040100cc004b12c58285241682f23603004b14d4fe0afc0416161696ed9ffde166e2c62ae4\
    f20a63b5c19e881b6b0b6459ce5887030de400\
";
/// 2179 `index`, of 16 bits, in a container.
const GREY_16: &str = "\
    0000000c4a584c200d0a870a00000014667479706a786c20000000006a786c20000000096a786c6c0a0000005a6a78\
    6c63ff0a280008e007285a040804010008014b12c582852416869a1ba1130aa33837f14fd34f601006611006d9b99f\
    811fd2c12ecdc6a0a2452a1d1ac6a04b017d5b175563d0d240c226161063d0f10b1c450908\
";
/// 7 `index`, 255 - `index` and 3 `index`.
const COLOUR_8: &str = "\
    ff0a28000880480804010054014b12c5820552d00d2d2222a263a362c818c4186324492ac6a85d203a0064de6b8b80\
    ff32e628d7bb61d181c9f54bc8bca4f316b02db1e1287e2d347cb2192a122cd886f6b0f85504515abda1801baa6039\
    c6527052\
";
/// A JPEG image of 16 rows and 24 columns, whose chrominance has half of them, packed again: one
/// red all over.
const JPEG: &str = "\
    0000000c4a584c200d0a870a00000014667479706a786c20000000006a786c20000000116a786c7000000000ff0a03\
    4124000001e06a627264c06d03088220b40c088050a340c85525000020e4a86cc1509cff1344c608659c530ada8f90\
    21cc52071966a074871aac0f194e3e66c0210715163968d881eda386fefd91650e3bee4043d1fd2fc63863924b36f9\
    6494539e99e69a6dbe19e79c851e9ae8a28d3e1ae9a4a59e9aeaaaadbe1aebacc51e9becb2cd3e1bedb4e59e9beeba\
    edbe1befbc051f9cf0c20d3f1cf1c423977c72ca2bb7fc72cc330f5df4d1492fddf4d3514f3d76d967a7bd76db6fc7\
    3df7e0851f9ef8e28d3f1ef9e4a3977e7aeaabb7fe7aecb3073f7cf1c727bf7cf3cf473f7df8e3977f7efaebb7ff7e\
    fcf3ff57305555020020e4a86cc1509cff17444229a3ac538ac47840c866d420c3a43ad0503dd870ee21c70c28c807\
    0d39e8b0031b8b2c73d4eff661c70dade88f3c33f824c3fb5f8c71c6259b7c32ca29d35cb3cd37e39cb3d043135db4\
    d147239db4d453535db5d557639db5d863935db6d967a39db6dc73d35db7dd77e39d77e0820f4e78e1861f8e78e291\
    4b3e39e5955b7e39e699872efae8a4976efae9a8a71ebbecb3d35ebbedb7e39e7bf0c20f4f7cf1c61f8f7cf2d14b3f\
    3df5d55b7f3df6d9872ffef8e4976ffef9e8a71fbffcf3d35fbffdf7e39fffbfc00f005416000b0880e000104a4649\
    460001010000010001000003000000a96a786c7080000001e05b04100058020c640c640c64feff0e00001800080001\
    0000000000808025894488bbb91e0250266b716fa050189282020baa4646929131c61819192363540c066324eea1c3\
    3a22222a363a4633f9d32400b912c9bc20920050a87f0047a3079c00621e96030070aeed192575434d36940e8ca503\
    bee998eaaaa0386a49f88b071c04a62907dd9734e91ca1dc5a9000210f006a010000000000942400\
";
/// Red, green, blue and alpha.
const ALPHA: &str = "\
    ff0a2800088095081010001c004b188b15820300\
";
/// Floating point numbers.
const FLOAT: &str = "\
    0000000c4a584c200d0a870a00000014667479706a786c20000000006a786c20000000096a786c6c0a0000001e6a78\
    6c63ff0a28000890038a16010804010018004b188b158201\
";

fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn lossless_samples_are_exact() {
    let grey = |factor: i64| (0..30).map(|index| index * factor).collect::<Vec<i64>>();
    let colours = (0..30).flat_map(|index| [7 * index, 255 - index, 3 * index]).collect();
    for (name, digits, image, expected) in [
        ("8 bits", GREY_8, image(6, 5, 1, 8), grey(7)),
        ("12 bits", GREY_12, image(6, 5, 1, 16), grey(139)),
        ("16 bits", GREY_16, image(6, 5, 1, 16), grey(2179)),
        ("colour", COLOUR_8, image(6, 5, 3, 8), colours),
    ] {
        assert_eq!(decode(&JpegXl, &bytes(digits), &image).unwrap(), (expected, true), "{name}");
    }
}

#[test]
fn a_jpeg_image_comes_out_as_red_green_and_blue() {
    let mut image = image(16, 24, 3, 8);
    image.photometric_interpretation = "YBR_FULL_422".to_owned();
    let (samples, is_whole) = decode(&JpegXl, &bytes(JPEG), &image).unwrap();
    assert!(is_whole);
    for pixel in samples.chunks(3) {
        let differences =
            pixel.iter().zip([200, 30, 60]).map(|(found, coded)| (found - coded).abs());
        assert!(differences.max() <= Some(1), "{pixel:?}");
    }
}

#[test]
fn bytes_behind_the_codestream_are_of_no_use() {
    let mut frame = bytes(GREY_8);
    frame.extend([0; 5]);
    assert!(decode(&JpegXl, &frame, &image(6, 5, 1, 8)).unwrap().1);
}

#[test]
fn another_image_is_refused() {
    for (rows, columns, samples_per_pixel, bits) in
        [(5, 6, 1, 16), (6, 5, 3, 16), (6, 5, 1, 8), (60, 50, 1, 16)]
    {
        let error =
            decode(&JpegXl, &bytes(GREY_16), &image(rows, columns, samples_per_pixel, bits))
                .unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::InvalidFrame { .. }), "{error}");
    }
}

#[test]
fn kinds_that_are_not_read() {
    for (digits, image) in [(ALPHA, image(6, 5, 4, 8)), (FLOAT, image(6, 5, 1, 32))] {
        let error = decode(&JpegXl, &bytes(digits), &image).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported { .. }), "{error}");
    }
}

#[test]
fn what_is_cut_short_is_an_error() {
    let frame = bytes(GREY_16);
    for length in 0..frame.len() {
        let result = decode(&JpegXl, &frame[..length], &image(6, 5, 1, 16));
        // The last bits may be padding.
        let expected = (0..30).map(|index| index * 2179).collect::<Vec<i64>>();
        // What is there of the image is given as damaged.
        let is_known = |(samples, is_whole): (Vec<i64>, bool)| match is_whole {
            true => samples == expected,
            false => samples.len() == expected.len(),
        };
        assert!(result.is_err() || result.is_ok_and(is_known), "{length} bytes");
    }
}

#[test]
fn damage_is_an_error_or_a_frame_with_all_rows() {
    let mut chance = Chance(6);
    for (digits, image) in [
        (GREY_8, image(6, 5, 1, 8)),
        (GREY_16, image(6, 5, 1, 16)),
        (COLOUR_8, image(6, 5, 3, 8)),
        (JPEG, image(16, 24, 3, 8)),
    ] {
        let whole = bytes(digits);
        for _ in 0..500 {
            let mut frame = whole.clone();
            for _ in 0..=chance.below(3) {
                let place = chance.below(frame.len() as u64) as usize;
                frame[place] = chance.below(256) as u8;
            }
            if let Ok((samples, _)) = decode(&JpegXl, &frame, &image) {
                assert_eq!(samples.len(), image.rows * image.columns * image.samples_per_pixel);
            }
        }
    }
}
