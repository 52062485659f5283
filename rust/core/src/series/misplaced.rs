//! Members of archives that a damaged byte has taken out of their series.
//!
//! The checksum of a member is that of all its bytes, and headers are read without the rest. A
//! damaged Series Instance UID makes another series, and that of the member's own series is then a
//! slice short, which nothing would tell at its end. So members whose UID is nearly that of a
//! longer series are read whole, and those that have none: a damaged start of a file can look like
//! all of it. There are few: scouts, a DICOMDIR, and damaged ones.

use std::collections::{HashMap, HashSet};

use super::header::InstanceHeader;
use super::plan::Unreadable;
use crate::error::Result;
use crate::source::{Given, given_at};

/// Files of a series that may be misplaced ones of another.
const FEW: usize = 2;
/// How many times as many files the other series has at least.
const TIMES: usize = 2;
/// Characters in which the UIDs differ at most: one damaged byte is one or, by its length, two.
const DIFFERENT: usize = 2;

/// Compares the checksums of members that may be misplaced, and takes those out of `headers` that
/// are not what was put into the archive. `indices` has the place of each header among what was
/// given.
///
/// # Errors
///
/// If the machine fails.
pub(super) fn take_misplaced(
    headers: &mut Vec<InstanceHeader>,
    indices: &[usize],
    given: &[Option<Given>],
) -> Result<Vec<Unreadable>> {
    if given.is_empty() {
        return Ok(Vec::new());
    }
    let chosen = may_be_misplaced(headers);
    let mut found = Vec::new();
    for (place, index) in indices.iter().enumerate().rev() {
        let uid = headers.get(place).map(|header| &header.identity.series_instance_uid);
        if !uid.is_some_and(|uid| chosen.contains(uid)) {
            continue;
        }
        match given_at(given, *index).map_or(Ok(()), Given::check_sum) {
            Err(error) if error.is_of_machine() => return Err(error),
            Err(error) => {
                let path = headers.remove(place).path;
                let error = error.in_file(&path);
                let (series_instance_uid, is_named) = (None, false);
                found.push(Unreadable { path, error, series_instance_uid, is_named });
            }
            Ok(()) => {}
        }
    }
    found.reverse();
    Ok(found)
}

/// No UID, and those of short series that are nearly those of longer ones.
fn may_be_misplaced(headers: &[InstanceHeader]) -> HashSet<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for header in headers {
        *counts.entry(&header.identity.series_instance_uid).or_default() += 1;
    }
    let mut longer: HashMap<(usize, String), Vec<(&str, usize)>> = HashMap::new();
    for (uid, count) in counts.iter().filter(|(_, count)| **count > FEW) {
        for part in interleaved_parts(uid) {
            longer.entry(part).or_default().push((uid, *count));
        }
    }
    let may_be = |uid: &str, own: usize| {
        let is_long = |count: usize| count >= own.saturating_mul(TIMES);
        let mut others = interleaved_parts(uid).filter_map(|part| longer.get(&part)).flatten();
        own <= FEW && others.any(|(other, count)| is_long(*count) && is_near(uid, other))
    };
    let chosen = counts.iter().filter(|(uid, count)| uid.is_empty() || may_be(uid, **count));
    chosen.map(|(uid, _)| (*uid).to_owned()).collect()
}

/// Splits a UID into `DIFFERENT + 1` interleaved parts, each with its number. Two UIDs that differ
/// in at most `DIFFERENT` places agree in at least one part, so only UIDs with a common part are
/// compared.
fn interleaved_parts(uid: &str) -> impl Iterator<Item = (usize, String)> {
    (0..=DIFFERENT)
        .map(move |first| (first, uid.chars().skip(first).step_by(DIFFERENT + 1).collect()))
}

/// Whether a damaged byte or two make one UID of the other.
fn is_near(one: &str, other: &str) -> bool {
    let (length, other_length) = (one.chars().count(), other.chars().count());
    let same = one.chars().zip(other.chars()).filter(|(one, other)| one == other).count();
    length.max(other_length).saturating_sub(same) <= DIFFERENT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_are_near_that_a_damaged_byte_makes_of_each_other() {
        for (one, other, expected) in [
            ("1.2.345", "1.2.345", true),
            ("1.2.345", "1.2.344", true),
            ("1.2.345", "1.2.3\u{fffd}5", true),
            ("1.2.345", "1.2.34", true),
            ("1.2.345", "1.2.3456", true),
            ("1.2.345", "1.2.", false),
            ("1.2.345", "1.3.356", false),
            ("1.2.345", "", false),
        ] {
            assert_eq!(is_near(one, other), expected, "{one} {other}");
            let common = interleaved_parts(one)
                .any(|part| interleaved_parts(other).any(|other| part == other));
            assert!(common || !expected, "{one} {other}");
        }
    }

    #[test]
    fn uids_that_are_near_have_a_part_in_common() {
        let uid = "1.2.840.99.1234567";
        for first in 0..uid.len() {
            for second in first..uid.len() {
                let mut changed = uid.as_bytes().to_vec();
                changed[first] = b'x';
                changed[second] = b'y';
                let changed = String::from_utf8(changed).unwrap();
                assert!(is_near(uid, &changed));
                assert!(
                    interleaved_parts(uid)
                        .any(|part| interleaved_parts(&changed).any(|other| part == other))
                );
            }
        }
    }
}
