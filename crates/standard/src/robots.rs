//! What a site asks programs to leave alone (RFC 9309).

/// What this program is called in `robots.txt`.
pub const AGENT: &str = "maru-standard";

#[derive(Debug, Clone, Default)]
pub struct Robots {
    /// Allowed or not, and the pattern.
    rules: Vec<(bool, String)>,
}

impl Robots {
    /// Where nothing may be read: the server could not say.
    pub fn closed() -> Self {
        Self { rules: vec![(false, "/".to_owned())] }
    }

    /// The groups that name this program, else those for everybody.
    pub fn read(text: &str) -> Self {
        let (mut own, mut all) = (Vec::new(), Vec::new());
        let (mut for_own, mut for_all, mut naming, mut named) = (false, false, false, false);
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            match key.as_str() {
                "user-agent" => {
                    if !naming {
                        (for_own, for_all) = (false, false);
                    }
                    naming = true;
                    for_all |= value == "*";
                    for_own |= value.eq_ignore_ascii_case(AGENT);
                    named |= for_own;
                }
                "allow" | "disallow" => {
                    naming = false;
                    if value.is_empty() {
                        continue;
                    }
                    let rule = (key == "allow", value.to_owned());
                    if for_own {
                        own.push(rule.clone());
                    }
                    if for_all {
                        all.push(rule);
                    }
                }
                _ => naming = false,
            }
        }
        Self { rules: if named { own } else { all } }
    }

    /// The longest pattern that fits decides; allowing wins a tie.
    pub fn allow(&self, path: &str) -> bool {
        self.rules
            .iter()
            .filter(|(_, pattern)| fits(pattern, path))
            .max_by_key(|(allowed, pattern)| (pattern.len(), *allowed))
            .is_none_or(|(allowed, _)| *allowed)
    }
}

/// `*` is anything, `$` at the end is the end.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, whole) = pattern.strip_suffix('$').map_or((pattern, false), |pattern| (pattern, true));
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| path.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    for (index, part) in parts.iter().enumerate() {
        let last = index.saturating_add(1) == parts.len();
        if last && whole {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at.saturating_add(part.len())..).unwrap_or_default();
    }
    !whole || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_pattern_decides() {
        let robots = Robots::read(
            "User-agent: *\nDisallow: /private/\nAllow: /private/open\nDisallow: /*.pdf$\nDisallow:\n\nUser-agent: other\nDisallow: /\n",
        );
        for (path, allowed) in [
            ("/", true),
            ("/private/a", false),
            ("/private/open/a", true),
            ("/a.pdf", false),
            ("/a.pdf?x", true),
        ] {
            assert_eq!(robots.allow(path), allowed, "{path}");
        }
        let own = Robots::read(
            "User-agent: *\nDisallow: /\n\nUser-agent: Maru-Standard\nUser-agent: x\nDisallow: /a$\n",
        );
        assert!(own.allow("/b") && !own.allow("/a") && own.allow("/ab"));
        assert!(!Robots::closed().allow("/"));
        assert!(Robots::read("").allow("/"));
    }
}
