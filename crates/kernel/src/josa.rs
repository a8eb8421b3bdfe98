//! Particles after words that are only known when a text is shown: `{ $name }을(를)` becomes 을 or 를.

/// As written, after a consonant, after a vowel.
const PAIRS: [(&str, &str, &str); 8] = [
    ("은(는)", "은", "는"),
    ("이(가)", "이", "가"),
    ("을(를)", "을", "를"),
    ("와(과)", "과", "와"),
    ("과(와)", "과", "와"),
    ("(으)로", "으로", "로"),
    ("(이)라", "이라", "라"),
    ("(이)나", "이나", "나"),
];

/// What a word ends in, as it is read aloud.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Vowel,
    /// ㄹ, which takes 로.
    Rieul,
    Consonant,
}

/// A text with its particles chosen. Where nobody can tell how the word before is read, both stay.
pub fn josa(text: &str) -> String {
    if !text.contains('(') {
        return text.to_owned();
    }
    let (mut done, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((at, pair)) = next(rest) {
        let (before, after) = rest.split_at(at);
        done.push_str(before);
        let (written, closed, open) = pair;
        done.push_str(match end(&done) {
            None => written,
            Some(End::Vowel) => open,
            Some(End::Rieul) if written == "(으)로" => open,
            Some(_) => closed,
        });
        rest = after.get(written.len()..).unwrap_or_default();
    }
    done.push_str(rest);
    done
}

fn next(text: &str) -> Option<(usize, (&'static str, &'static str, &'static str))> {
    PAIRS.iter().filter_map(|pair| text.find(pair.0).map(|at| (at, *pair))).min_by_key(|(at, _)| *at)
}

/// Quotes and closing brackets are not read.
fn end(text: &str) -> Option<End> {
    let last = text
        .chars()
        .rev()
        .find(|c| !matches!(c, '`' | '"' | '\'' | '”' | '’' | '」' | '』' | '》' | '〉'))?;
    match last {
        '가'..='힣' => {
            let tail =
                u32::from(last).checked_sub(u32::from('가')).and_then(|place| place.checked_rem(28))?;
            Some(match tail {
                0 => End::Vowel,
                8 => End::Rieul,
                _ => End::Consonant,
            })
        }
        // 일 칠 팔; 영 삼 육; 이 사 오 구
        '1' | '7' | '8' => Some(End::Rieul),
        '0' | '3' | '6' => Some(End::Consonant),
        '2' | '4' | '5' | '9' => Some(End::Vowel),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::josa;

    #[test]
    fn the_particle_follows_the_sound() {
        for (written, shown) in [
            ("생계급여을(를) 신청", "생계급여를 신청"),
            ("기초연금을(를) 신청", "기초연금을 신청"),
            ("수원시(으)로", "수원시로"),
            ("서울(으)로 부산(으)로 읍(으)로", "서울로 부산으로 읍으로"),
            ("3월 18이(가)", "3월 18이"),
            ("12은(는) 90은(는)", "12는 90은"),
            ("‘월세’을(를)", "‘월세’를"),
            ("밥와(과) 국과(와) 나와(과)", "밥과 국과 나와"),
            ("PDF이(가)", "PDF이(가)"),
            ("이(가)", "이(가)"),
            ("제5조(정의)을(를) (보기)", "제5조(정의)을(를) (보기)"),
            ("사람(이)라 나무(이)라", "사람이라 나무라"),
        ] {
            assert_eq!(josa(written), shown, "{written}");
        }
    }
}
