//! Names with letters beyond ASCII in the form that DNS carries: `xn--` and punycode (RFC 3492).

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;

/// A host name as DNS carries it: each label with letters beyond ASCII becomes `xn--…`, the others stay as they are.
/// Letters are taken lower-case. A label too odd to be encoded stays.
pub fn to_ascii(name: &str) -> String {
    let labels: Vec<String> = name
        .split('.')
        .map(|label| {
            if label.is_ascii() {
                return label.to_owned();
            }
            let lower: Vec<char> = label.chars().flat_map(char::to_lowercase).collect();
            match encode(&lower) {
                Some(code) => format!("xn--{code}"),
                None => label.to_owned(),
            }
        })
        .collect();
    labels.join(".")
}

/// RFC 3492 §6.3. `None` where the numbers would overflow, which no label of 63 characters reaches.
fn encode(label: &[char]) -> Option<String> {
    let mut out: String = label.iter().filter(|c| c.is_ascii()).collect();
    let basic = u32::try_from(out.len()).ok()?;
    if basic > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias, mut handled) = (128u32, 0u32, 72u32, basic);
    while (handled as usize) < label.len() {
        let next = label.iter().map(|c| u32::from(*c)).filter(|c| *c >= n).min()?;
        delta = delta.checked_add((next - n).checked_mul(handled + 1)?)?;
        n = next;
        for c in label.iter().map(|c| u32::from(*c)) {
            if c < n {
                delta = delta.checked_add(1)?;
            } else if c == n {
                push_number(&mut out, delta, bias);
                bias = adapt(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta = delta.checked_add(1)?;
        n += 1;
    }
    Some(out)
}

/// Appends `delta` as a number of variable length.
fn push_number(out: &mut String, delta: u32, bias: u32) {
    let mut rest = delta;
    let mut k = BASE;
    loop {
        let threshold = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
        if rest < threshold {
            out.push(digit(rest));
            return;
        }
        out.push(digit(threshold + (rest - threshold) % (BASE - threshold)));
        rest = (rest - threshold) / (BASE - threshold);
        k += BASE;
    }
}

fn digit(value: u32) -> char {
    char::from_digit(value + 10, 36).unwrap_or_else(|| char::from_digit(value.wrapping_sub(26), 10).unwrap_or('0'))
}

fn adapt(delta: u32, points: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / points;
    let mut k = 0;
    while delta > ((BASE - T_MIN) * T_MAX) / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_as_dns_carries_them() {
        for (name, ascii) in [
            ("pve.lan", "pve.lan"),
            ("münchen.lan", "xn--mnchen-3ya.lan"),
            ("MÜNCHEN.lan", "xn--mnchen-3ya.lan"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("straße.de", "xn--strae-oqa.de"),
            ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
            ("рve.lan", "xn--ve-kmc.lan"),
            ("日本語.jp", "xn--wgv71a119e.jp"),
            ("pve.例え", "pve.xn--r8jz45g"),
            ("faß", "xn--fa-hia"),
            ("😀.lan", "xn--e28h.lan"),
            ("ليهمابتكلموشعربي؟", "xn--egbpdaj6bu4bxfgehfvwxn"),
            ("他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"),
            ("3年b組金八先生", "xn--3b-ww4c5e180e575a65lsy2b"),
        ] {
            assert_eq!(to_ascii(name), ascii, "{name}");
        }
    }
}
