//! Numbers of which some have a registered name: error codes, frame types, settings.

/// Gives a newtype over an unsigned integer its registered values as constants, conversions both ways, and a text
/// form: the name, or hexadecimal digits for a number without one.
macro_rules! registered {
    (for $type:ident($number:ty) { $($(#[$doc:meta])+ $name:ident = $value:literal;)+ }) => {
        impl $type {
            $($(#[$doc])+ pub const $name: Self = Self($value);)+

            /// The registered name, or `None` for a number that has none here.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some(stringify!($name)),)+
                    _ => None,
                }
            }

            /// The number on the wire.
            pub const fn value(self) -> $number {
                self.0
            }
        }

        impl From<$number> for $type {
            fn from(value: $number) -> Self {
                Self(value)
            }
        }

        impl From<$type> for $number {
            fn from(registered: $type) -> Self {
                registered.0
            }
        }

        /// Mostly a number that has a name.
        #[cfg(feature = "arbitrary")]
        impl<'a> ::arbitrary::Arbitrary<'a> for $type {
            fn arbitrary(u: &mut ::arbitrary::Unstructured<'a>) -> ::arbitrary::Result<Self> {
                match u.int_in_range(0..=7)? {
                    7 => u.arbitrary().map(Self),
                    _ => u.choose(&[$(Self::$name,)+]).copied(),
                }
            }
        }

        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "{:#x}", self.0),
                }
            }
        }

        impl core::fmt::Debug for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(self, f)
            }
        }
    };
}

pub(crate) use registered;
