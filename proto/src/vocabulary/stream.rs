//! Stream patterns: "obligation/{body}/{report}/{finding}/{limb}".

use super::format::is_part;

/// A pattern of streams, read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamPattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Param(String),
}

/// The values of a pattern's parameters, in the order of the pattern.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// The value of one parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Params {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(n, v)| (n.into(), v.into())).collect())
    }
}

impl StreamPattern {
    /// Reads a pattern. `None` when a part is neither a plain word nor `{name}`, or a name repeats.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts: Vec<Part> = Vec::new();
        for part in text.split('/') {
            let name = part.strip_prefix('{').and_then(|p| p.strip_suffix('}'));
            let next = name.map_or_else(|| Part::Literal(part.to_owned()), |n| Part::Param(n.to_owned()));
            if !is_part(name.unwrap_or(part).as_bytes()) || (name.is_some() && parts.contains(&next)) {
                return None;
            }
            parts.push(next);
        }
        Some(Self { text: text.to_owned(), parts })
    }

    /// The pattern as the vocabulary writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of its parameters, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|p| if let Part::Param(name) = p { Some(name.as_str()) } else { None })
    }

    /// The parameters of a stream of this pattern; `None` for any other stream.
    #[must_use]
    pub fn matches(&self, stream: &str) -> Option<Params> {
        let mut given = stream.split('/');
        let mut params = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            match (part, given.next()?) {
                (Part::Literal(word), got) if word == got => {}
                (Part::Param(name), got) if is_part(got.as_bytes()) => {
                    params.push((name.clone(), got.to_owned()));
                }
                _ => return None,
            }
        }
        given.next().is_none().then_some(Params(params))
    }

    /// The stream with these parameters; `None` when one is missing or could not stand in a stream.
    #[must_use]
    pub fn fill(&self, params: &Params) -> Option<String> {
        let part = |part: &Part| match part {
            Part::Literal(word) => Some(word.clone()),
            Part::Param(name) => params.get(name).filter(|v| is_part(v.as_bytes())).map(str::to_owned),
        };
        Some(self.parts.iter().map(part).collect::<Option<Vec<_>>>()?.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_gives_its_parameters_and_they_give_it_back() {
        let pattern = StreamPattern::parse("obligation/{body}/{report}/{finding}/{limb}").expect("a pattern");
        let stream = "obligation/cambs.bcb/dupp-2021/3/a";
        let params = pattern.matches(stream).expect("matches");
        assert_eq!(params.get("body"), Some("cambs.bcb"));
        assert_eq!(params.get("limb"), Some("a"));
        assert_eq!(params.get("report/x"), None);
        assert_eq!(pattern.fill(&params).as_deref(), Some(stream));
        assert_eq!(pattern.names().count(), 4);
    }

    #[test]
    fn other_streams_do_not_match() {
        let pattern = StreamPattern::parse("report/{report}").expect("a pattern");
        for other in ["report", "report/", "report/a/b", "finding/a", "report/A", "reports/a"] {
            assert_eq!(pattern.matches(other), None, "{other}");
        }
        assert_eq!(pattern.fill(&Params::default()), None);
        assert_eq!(pattern.fill(&Params::from_iter([("report", "a/b")])), None);
    }

    #[test]
    fn a_pattern_names_each_parameter_once() {
        for bad in ["a/{b}/{b}", "a/{}", "A/{b}", "a//{b}", "a/{b"] {
            assert_eq!(StreamPattern::parse(bad), None, "{bad}");
        }
    }
}
