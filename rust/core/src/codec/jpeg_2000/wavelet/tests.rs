//! Each wavelet undone: lines by hand, and planes out of a plain forward transform.

use super::*;

/// The samples of even coordinates, and those of odd ones.
fn split<T: Copy>(line: &[T], starts_odd: bool) -> (Vec<T>, Vec<T>) {
    let of_parity = |parity| {
        let at = |index: usize| (index + usize::from(starts_odd)) % 2 == parity;
        line.iter().enumerate().filter(|(index, _)| at(*index)).map(|(_, sample)| *sample).collect()
    };
    (of_parity(0), of_parity(1))
}

/// Changes the samples of one parity by their neighbours; outside of the line it is mirrored.
fn lift<T: Copy>(line: &mut [T], first: usize, change: impl Fn(T, T, T) -> T) {
    let last = line.len() - 1;
    for index in (first..line.len()).step_by(2) {
        let before = line[if index == 0 { 1 } else { index - 1 }];
        let after = line[if index == last { last - 1 } else { index + 1 }];
        line[index] = change(line[index], before, after);
    }
}

/// 1D_SD of the 5-3 wavelet (§F.4.8.1).
fn analyze_whole(line: &[i32], starts_odd: bool) -> (Vec<i32>, Vec<i32>) {
    if let [single] = line {
        return split(&[if starts_odd { single * 2 } else { *single }], starts_odd);
    }
    let mut line = line.to_vec();
    let (even, odd) = (usize::from(starts_odd), usize::from(!starts_odd));
    lift(&mut line, odd, |own, before, after| own - (before + after).div_euclid(2));
    lift(&mut line, even, |own, before, after| own + (before + after + 2).div_euclid(4));
    split(&line, starts_odd)
}

/// 1D_SD of the 9-7 wavelet (§F.4.8.2).
fn analyze_real(line: &[f32], starts_odd: bool) -> (Vec<f32>, Vec<f32>) {
    if let [single] = line {
        return split(&[if starts_odd { single * 2.0 } else { *single }], starts_odd);
    }
    let mut line = line.to_vec();
    let (even, odd) = (usize::from(starts_odd), usize::from(!starts_odd));
    for (first, factor) in
        [(odd, -1.586_134_3), (even, -0.052_980_12), (odd, 0.882_911_1), (even, 0.443_506_85)]
    {
        lift(&mut line, first, |own, before, after| own + factor * (before + after));
    }
    let (low, high) = split(&line, starts_odd);
    let k = 1.230_174_1;
    (low.iter().map(|one| one / k).collect(), high.iter().map(|one| one * k).collect())
}

fn plane<T: Coefficient>(rows: &[Vec<T>], width: usize) -> Plane<T> {
    Plane { width, height: rows.len(), samples: rows.concat() }
}

/// A way to transform a line.
type Analyze<T> = fn(&[T], bool) -> (Vec<T>, Vec<T>);

/// 2D_SD: columns, then rows (§F.4.2). Returns LL, HL, LH and HH.
fn analyze<T: Coefficient>(
    samples: &Plane<T>,
    (odd_x, odd_y): (bool, bool),
    line: Analyze<T>,
) -> [Plane<T>; 4] {
    let columns: Vec<_> = (0..samples.width)
        .map(|column| {
            let column: Vec<T> =
                samples.samples.iter().skip(column).step_by(samples.width).copied().collect();
            line(&column, odd_y)
        })
        .collect();
    let rows_of = |is_high: bool| {
        let height =
            columns.first().map_or(0, |(low, high)| if is_high { high.len() } else { low.len() });
        let row = |row: usize| {
            let across: Vec<T> = columns
                .iter()
                .map(|(low, high)| if is_high { high[row] } else { low[row] })
                .collect();
            line(&across, odd_x)
        };
        let (low, high): (Vec<_>, Vec<_>) = (0..height).map(row).unzip();
        let high_width = (samples.width + usize::from(odd_x)) / 2;
        (plane(&low, samples.width - high_width), plane(&high, high_width))
    };
    let ((low, high_x), (high_y, high_xy)) = (rows_of(false), rows_of(true));
    [low, high_x, high_y, high_xy]
}

/// Transforms samples there and back, for all sizes up to 9 by 9 and all parities.
fn there_and_back<T: Coefficient + Bits>(
    sample: impl Fn(usize) -> T,
    line: Analyze<T>,
    is_same: impl Fn(T, T) -> bool,
) {
    for number in 0..9 * 9 * 4 {
        let (width, height) = (1 + number % 9, 1 + number / 9 % 9);
        let (x0, y0) = (4 + number / 81 % 2, 6 + number / 162);
        let samples: Vec<T> = (0..width * height).map(&sample).collect();
        let samples = Plane { width, height, samples };
        let [low, high_x, high_y, high_xy] = analyze(&samples, (x0 % 2 == 1, y0 % 2 == 1), line);
        let bands = Bands { low: &low, high_x: &high_x, high_y: &high_y, high_xy: &high_xy };
        let (x1, y1) = ((x0 + width) as u32, (y0 + height) as u32);
        let area = Rectangle { x0: x0 as u32, y0: y0 as u32, x1, y1 };
        for synthesize in [synthesize::<T>, synthesize_inline::<T>] {
            let mut found = Plane::default();
            synthesize(&bands, &area, 0..height, &mut found).unwrap();
            assert_eq!((found.width, found.height), (width, height));
            let mut pairs = found.samples.iter().zip(&samples.samples);
            assert!(
                pairs.all(|(one, other)| is_same(*one, *other)),
                "{width} x {height} at {area:?}"
            );
            // Any rows by themselves are the same to the bit.
            for start in 0..height {
                for end in start + 1..=height {
                    let around = rows_around::<T>(&(start..end), height);
                    let mut some = Plane::default();
                    synthesize(&bands, &area, around.clone(), &mut some).unwrap();
                    for row in start..end {
                        let (one, other) = (some.row(row - around.start), found.row(row));
                        assert!(one.iter().zip(other).all(|(one, other)| one.is_same(*other)));
                    }
                }
            }
        }
    }
}

/// The same, and of the same sign.
trait Bits: Copy {
    fn is_same(self, other: Self) -> bool;
}

impl Bits for i32 {
    fn is_same(self, other: i32) -> bool {
        self == other
    }
}

impl Bits for f32 {
    fn is_same(self, other: f32) -> bool {
        self.to_bits() == other.to_bits()
    }
}

#[test]
fn bands_without_samples_are_zero() {
    let zeros = Plane::<i32>::new(3, 2).unwrap();
    let low = Plane { width: 3, height: 2, samples: vec![4, 8, 15, 16, 23, 42] };
    let area = Rectangle { x0: 0, y0: 0, x1: 6, y1: 4 };
    let all = |high: &Plane<i32>, low: &Plane<i32>| {
        let bands = Bands { low, high_x: high, high_y: high, high_xy: high };
        let mut plane = Plane::default();
        synthesize(&bands, &area, 0..4, &mut plane).unwrap();
        (plane.samples.clone(), bands.are_zero())
    };
    let none = Plane::zero(3, 2);
    assert_eq!(all(&none, &low), all(&zeros, &low));
    assert_eq!(all(&none, &none), (vec![0; 24], true));
    assert!(none.row(1).is_empty() && none.is_zero() && !zeros.is_zero());
}

#[test]
fn the_5_3_wavelet_is_undone() {
    let sample = |index: usize| (index * index * 37 % 511) as i32 - 255;
    there_and_back::<i32>(sample, analyze_whole, |found, expected| found == expected);
}

#[test]
fn the_9_7_wavelet_is_undone() {
    let sample = |index: usize| (index * index * 37 % 511) as f32 - 255.0;
    there_and_back::<f32>(sample, analyze_real, |found, expected| (found - expected).abs() < 0.05);
}

/// A line of coefficients, across, from column `x0` on.
fn line<T: Coefficient>(low: &[T], high: &[T], x0: u32) -> Vec<T> {
    let of = |samples: &[T]| Plane { width: samples.len(), height: 1, samples: samples.to_vec() };
    let none = Plane::new(0, 0).unwrap();
    let bands = Bands { low: &of(low), high_x: &of(high), high_y: &none, high_xy: &none };
    let x1 = x0 + (low.len() + high.len()) as u32;
    let mut plane = Plane::default();
    synthesize(&bands, &Rectangle { x0, y0: 0, x1, y1: 1 }, 0..1, &mut plane).unwrap();
    plane.samples.clone()
}

#[test]
fn lines_by_hand() {
    // First 10 - (4 + 4 + 2 >> 2) and 20 - (4 - 3 + 2 >> 2), then 4 + (8 + 20 >> 1) and -3 + 20.
    assert_eq!(line(&[10, 20], &[4, -3], 0), [8, 18, 20, 17]);
    assert_eq!(line(&[10], &[4, -3], 1), [14, 10, 7]);
    assert_eq!(line(&[7], &[], 2), [7]);
    assert_eq!(line(&[], &[7], 3), [3], "half, as a high-pass sample counts double");
    assert_eq!(line(&[], &[-7], 3), [-3]);
    assert_eq!(line::<f32>(&[], &[7.0], 3), [3.5]);
    assert_eq!(line::<f32>(&[7.0], &[], 2), [7.0]);
    // A constant is low-pass alone.
    let constant = line::<f32>(&[100.0; 3], &[0.0; 3], 0);
    assert!(constant.iter().all(|sample| (sample - 100.0).abs() < 0.01), "{constant:?}");
    assert!(line::<i32>(&[], &[], 0).is_empty());
}

#[test]
fn lines_of_all_lengths_are_undone() {
    for length in 2..=133 {
        let samples: Vec<i32> = (0..length).map(|at| (at * at * 37 % 511 - 255) << 20).collect();
        for x0 in [0, 1] {
            let (low, high) = analyze_whole(&samples, x0 == 1);
            assert_eq!(line(&low, &high, x0), samples, "{length} from {x0} on");
        }
    }
}

#[test]
fn samples_are_lifted_together_as_one_by_one() {
    for length in 0..70usize {
        // Also what can only be of a damaged frame and overflows.
        let number = |at: usize| (at as i32).wrapping_mul(0x3C6E_F35F) ^ i32::MAX;
        let numbers = |from: usize, count: usize| (from..from + count).map(number).collect();
        let (before, after): (Vec<i32>, Vec<i32>) = (numbers(100, length), numbers(300, 50));
        let own: Vec<i32> = numbers(0, 66);
        for step in i32::STEPS {
            let mut found = own.clone();
            lift_each(&mut found, &before, &after, *step);
            for (index, (own, found)) in own.iter().zip(found).enumerate() {
                let around = before.get(index).zip(after.get(index));
                let lifted = around.map(|(before, after)| i32::lift(*own, *before, *after, *step));
                assert_eq!(found, lifted.unwrap_or(*own), "{index} of {length}");
            }
        }
        let (first, second): (Vec<i32>, Vec<i32>) =
            (numbers(0, length.div_ceil(2)), numbers(500, length / 2));
        let mut out = vec![0; length];
        interleave(&first, &second, &mut out);
        assert_eq!(split(&out, false), (first, second), "{length}");
    }
}

#[test]
fn coefficients_have_a_sign_and_a_bit_of_fraction() {
    let whole = |coded| <i32 as Coefficient>::dequantize(coded, 9.0);
    assert_eq!([0, 1, 2, 3, 10, 0x7FFF_FFFF].map(whole), [0, 0, 1, 1, 5, 0x3FFF_FFFF]);
    assert_eq!([0x8000_0000, 0x8000_000B, 0xFFFF_FFFF].map(whole), [0, -5, -0x3FFF_FFFF]);
    let real = |coded| <f32 as Coefficient>::dequantize(coded, 3.0);
    assert_eq!([0, 1, 2, 0x8000_0003].map(real), [0.0, 1.5, 3.0, -4.5]);
}
