//! Whether this processor has instructions that the inner loops are compiled for a second time.

/// Vectors of 32 bytes, and shifts by a number of bits that need no fixed register.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_wide() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
}

/// Vectors of 64 bytes with masks, and all of [`has_wide`].
pub(crate) fn has_avx512() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512cd")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("popcnt")
            && has_wide()
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Compiles a function a second time for processors that [`has_wide`] is true of, and calls that
/// one there.
///
/// What is after the equals sign must be `#[inline(always)]`, as all that it calls in its inner
/// loops.
macro_rules! wide {
    ($(#[$doc:meta])* $visibility:vis fn $name:ident $(<$generic:ident: $bound:ident>)? (
        $($argument:ident: $type:ty),* $(,)?
    ) $(-> $result:ty)? = $inner:path;) => {
        $(#[$doc])*
        #[allow(unsafe_code, reason = "a call of a function for other instructions is unsafe")]
        $visibility fn $name $(<$generic: $bound>)? ($($argument: $type),*) $(-> $result)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
                fn wide $(<$generic: $bound>)? ($($argument: $type),*) $(-> $result)? {
                    $inner($($argument),*)
                }
                if $crate::codec::jpeg_2000::features::has_wide() {
                    // SAFETY: the processor has what the function is compiled for; that was just
                    // asked. The function itself is safe.
                    return unsafe { wide($($argument),*) };
                }
            }
            $inner($($argument),*)
        }
    };
}

pub(super) use wide;
