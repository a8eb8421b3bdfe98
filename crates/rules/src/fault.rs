use std::fmt;
use std::ops::Range;

use maru_kernel::{Both, both};

use crate::ratio::Ratio;
use crate::value::{MAX_LIST, MAX_NESTING, MAX_TEXT, Value};

/// What is wrong in a text, and where: the line (1-based) and the bytes of the text that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub line: usize,
    pub at: Range<usize>,
    pub message: Both,
}

impl Fault {
    /// A fault in an expression, whose line is not known yet.
    pub(crate) fn at(at: Range<usize>, message: Both) -> Fault {
        Fault { line: 1, at, message }
    }

    /// The same fault with the line its bytes stand on.
    pub(crate) fn on(mut self, lines: &Lines) -> Fault {
        self.line = lines.line_of(self.at.start);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message.en)
    }
}

impl std::error::Error for Fault {}

/// What several faults say alike.
pub(crate) mod say {
    use super::{Both, MAX_LIST, MAX_NESTING, MAX_TEXT, Ratio, Value, both};

    /// A value of one kind stands where another is needed.
    pub fn needed(what: &Both, found: &Value) -> Both {
        missed(what, "is", &found.kind())
    }

    pub fn needed_dates(from: &Value, to: &Value) -> Both {
        missed(&Both::new("날짜 둘", "dates"), "are", &two(from, to))
    }

    fn missed(what: &Both, is: &str, found: &Both) -> Both {
        let (Both { ko, en }, found_ko, found_en) = (what, &found.ko, &found.en);
        both!("여기에는 {ko}이(가) 와야 하는데 {found_ko}입니다", "{en} {is} needed here, not {found_en}")
    }

    pub fn not_comparable(left: &Value, right: &Value) -> Both {
        let Both { ko, en } = two(left, right);
        both!("{ko}은(는) 이렇게 견줄 수 없습니다", "{en} cannot be compared so")
    }

    fn two(one: &Value, other: &Value) -> Both {
        let [one, other] = [one, other].map(Value::kind);
        let (one_ko, other_ko, one_en, other_en) = (one.ko, other.ko, one.en, other.en);
        both!("{one_ko}와(과) {other_ko}", "{one_en} and {other_en}")
    }

    pub fn number() -> Both {
        Both::new("숫자", "a number")
    }

    pub fn text() -> Both {
        Both::new("글", "text")
    }

    pub fn truth() -> Both {
        Both::new("참이나 거짓", "true or false")
    }

    pub fn date() -> Both {
        Both::new("날짜", "a date")
    }

    pub fn list() -> Both {
        Both::new("목록", "a list")
    }

    pub fn context() -> Both {
        Both::new("항목 묶음", "a context")
    }

    pub fn too_long_a_list() -> Both {
        both!("목록이 {MAX_LIST}개보다 깁니다", "a list longer than {MAX_LIST}")
    }

    pub fn too_long_a_text() -> Both {
        both!("글이 {MAX_TEXT}바이트보다 깁니다", "a text longer than {MAX_TEXT} bytes")
    }

    pub fn too_deep() -> Both {
        both!("{MAX_NESTING}겹보다 깊습니다", "nested more than {MAX_NESTING} deep")
    }

    pub fn not_a_date(text: &str) -> Both {
        both!(
            "`{text}`은(는) 날짜가 아닙니다. yyyy-mm-dd로 쓰세요",
            "`{text}` is not a date: write yyyy-mm-dd"
        )
    }

    pub fn no_item(n: &Ratio, length: usize) -> Both {
        both!("{length}개 목록에 {n}번째는 없습니다", "there is no item {n} in a list of {length}")
    }

    pub fn of_nothing(name: &str) -> Both {
        both!(
            "빈 목록의 {name}은(는) 알 수 없습니다. `count(…) = 0`을 먼저 물으세요",
            "the {name} of an empty list is unknown: ask `count(…) = 0` first"
        )
    }

    pub fn beyond() -> Both {
        both!("달력을 벗어난 날짜입니다", "this is beyond the calendar")
    }

    pub fn no_exact_result() -> Both {
        both!(
            "정확한 답이 없습니다. 0으로 나누었거나 수가 너무 큽니다",
            "has no exact result (a division by zero, or too large a number)"
        )
    }
}

/// Where each line of a text begins.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub fn of(text: &str) -> Lines {
        Lines { starts: std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect() }
    }

    /// The 1-based line on which a byte stands.
    pub fn line_of(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start <= byte).max(1)
    }
}
