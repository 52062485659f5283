//! Lanes against one codeword after the other.

use super::*;

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }

    /// Bytes of a codeword, whichever: also some with many carries, and with markers.
    fn bytes(&mut self) -> Vec<u8> {
        let length = self.below(400);
        let kind = self.below(4);
        let mut bytes = Vec::new();
        for _ in 0..length {
            let byte = self.below(256) as u8;
            let is_after_ff = bytes.last() == Some(&0xFF);
            bytes.push(match kind {
                0 => byte,
                1 if self.below(3) == 0 => 0xFF,
                2 if is_after_ff => 0x80 | byte & 0x0F,
                _ if is_after_ff => byte & 0x7F,
                _ => byte,
            });
        }
        bytes
    }
}

/// A codeword as it is decoded: alone.
struct Alone {
    codeword: Codeword,
    registers: Registers,
    contexts: Contexts,
    codes: Vec<u32>,
}

#[test]
fn lanes_give_what_one_codeword_after_the_other_gives() {
    if !has_avx512() {
        return;
    }
    let mut random = Random(1);
    for case in 0..300 {
        let mut buffer = Vec::new();
        let count = 1 + random.below(LANES as u64);
        let mut alone: Vec<Alone> = (0..count)
            .map(|_| {
                let (codeword, registers) = Registers::start(&random.bytes(), &mut buffer).unwrap();
                // Some lanes have fewer symbols, or none in between.
                let length = random.below(1000);
                let codes = (0..length).map(|_| random.below(3 + case % 2) as u32 + 1);
                let codes = codes.map(|code| code & 3).collect();
                Alone { codeword, registers, contexts: Contexts::new(), codes }
            })
            .collect();
        // Twice, so that lanes start within a codeword.
        for _ in 0..2 {
            let mut codes = vec![0; 1000];
            for (lane, one) in alone.iter().enumerate() {
                for (code, own) in codes.iter_mut().zip(&one.codes) {
                    *code |= (own & 1) << lane | (own >> 1) << (16 + lane);
                }
            }
            let mut group: Vec<_> = alone
                .iter()
                .map(|one| (one.codeword, one.registers, one.contexts.clone()))
                .collect();
            let lane = |lane| {
                let (codeword, registers, contexts) = lane;
                Lane { codeword, registers, contexts }
            };
            let mut symbols = vec![0; 1000];
            let mut lanes: Vec<Lane<'_>> =
                group.iter_mut().map(|(one, two, three)| lane((one, two, three))).collect();
            assert!(decode(&buffer, &mut lanes, 14, &codes, &mut symbols));
            for (lane, one) in alone.iter_mut().enumerate() {
                for (index, code) in one.codes.iter().enumerate().filter(|(_, code)| **code > 0) {
                    let context = 13 + *code as usize;
                    let symbol = one.codeword.decode(
                        &buffer,
                        &mut one.registers,
                        &mut one.contexts,
                        context,
                    );
                    let found = u32::from(symbols[index]) >> lane & 1;
                    assert_eq!(found, symbol, "case {case}, lane {lane}, symbol {index}");
                }
                let (codeword, registers, contexts) = &group[lane];
                assert_eq!(registers.taken(codeword), one.registers.taken(&one.codeword));
                let high =
                    |registers: &Registers| [registers.a, registers.c].map(|word| word >> 48);
                assert_eq!(high(registers), high(&one.registers), "case {case}, lane {lane}");
                assert_eq!(contexts.0, one.contexts.0, "case {case}, lane {lane}");
                // As the lanes left them.
                (one.codeword, one.registers) = (*codeword, *registers);
            }
        }
    }
}

#[test]
fn without_symbols_nothing_changes() {
    let mut buffer = Vec::new();
    let (mut codeword, mut registers) = Registers::start(&[1, 2, 3], &mut buffer).unwrap();
    let mut contexts = Contexts::new();
    let before = (registers.taken(&codeword), contexts.0);
    let lane = Lane { codeword: &mut codeword, registers: &mut registers, contexts: &mut contexts };
    let mut symbols = [0; 64];
    if decode(&buffer, &mut [lane], 14, &[0; 64], &mut symbols) {
        assert_eq!((registers.taken(&codeword), contexts.0), before);
    }
}
