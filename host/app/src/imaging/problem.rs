//! Why a file cannot be taken, or a job not done, in words for the person who has to act.

/// Why a file is not accepted as a picture. Each message says what is wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageProblem {
    /// No bytes at all.
    #[error("the file is empty; send the picture again")]
    Empty,
    /// The file is larger than is taken.
    #[error("the file has {bytes} bytes, more than the {max} that are taken; send a smaller picture")]
    TooManyBytes {
        /// The file's size.
        bytes: usize,
        /// The most that is taken.
        max: usize,
    },
    /// Something else under a picture's name.
    #[error("this is not a picture; send a JPEG, PNG or WebP file")]
    NotAPicture,
    /// A known kind of file that is not taken.
    #[error("{0} files are not supported; save the picture as JPEG, PNG or WebP and send it again")]
    Unsupported(&'static str),
    /// Too many pixels, read from the header before anything is decoded.
    #[error(
        "the picture has {width}×{height} pixels, more than is taken (at most {max} in all and {max_side} \
         to a side); send a smaller one"
    )]
    TooManyPixels {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// The most pixels taken in all.
        max: u64,
        /// The most pixels taken to a side.
        max_side: u32,
    },
    /// The file ends too early, such as after a broken upload.
    #[error("the picture's file ends too early, as after a broken transfer; send the original file again")]
    Truncated,
    /// The file cannot be decoded.
    #[error("the picture's file is damaged ({0}); send the original file again")]
    Broken(String),
}

impl ImageProblem {
    /// The same, in Chinese, for the shop's owner.
    pub fn in_chinese(&self) -> String {
        match self {
            Self::Empty => "文件是空的,请客户重新发送图片。".to_owned(),
            Self::TooManyBytes { bytes, max } => {
                let mib = |n: &usize| (*n as f64) / (1024.0 * 1024.0);
                format!("文件有 {:.1} MB,超过上限 {:.1} MB,请发小一些的图片。", mib(bytes), mib(max))
            }
            Self::NotAPicture => "这不是图片文件,请发 JPEG、PNG 或 WebP 图片。".to_owned(),
            Self::Unsupported(name) => format!("暂不支持 {name} 格式,请另存为 JPEG、PNG 或 WebP 再发。"),
            Self::TooManyPixels { width, height, max, max_side } => format!(
                "图片有 {width}×{height} 像素,超过上限(总共 {} 万像素、单边 {max_side} 像素),请发小一些的图片。",
                max / 10_000
            ),
            Self::Truncated => "图片文件不完整(可能是传输中断),请客户重新发送原图。".to_owned(),
            Self::Broken(_) => "图片文件已损坏,无法打开,请客户重新发送原图。".to_owned(),
        }
    }

    /// The refusal of a job whose original has this problem.
    pub(super) fn refusal(&self) -> Refused {
        Refused(self.in_chinese())
    }

    /// Sorts a decoder's error; its own words are kept short, since they may quote the file.
    pub(super) fn from_decoder(error: &image::ImageError) -> Self {
        if let image::ImageError::IoError(io) = error
            && io.kind() == std::io::ErrorKind::UnexpectedEof
        {
            return Self::Truncated;
        }
        let words: String = error.to_string().chars().filter(|c| !c.is_control()).take(120).collect();
        let lower = words.to_lowercase();
        if ["unexpected end", "end of file", "exhausted", "missing image data", "no more data", "enough data"]
            .iter()
            .any(|sign| lower.contains(sign))
        {
            return Self::Truncated;
        }
        Self::Broken(words)
    }
}

/// Why a job was not done: one sentence in Chinese for the shop's owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_says_what_to_do() {
        let problems = [
            ImageProblem::Empty,
            ImageProblem::TooManyBytes { bytes: 30 << 20, max: 20 << 20 },
            ImageProblem::NotAPicture,
            ImageProblem::Unsupported("GIF"),
            ImageProblem::TooManyPixels { width: 30_000, height: 30_000, max: 50_000_000, max_side: 16_384 },
            ImageProblem::Truncated,
            ImageProblem::Broken("bad huffman table".to_owned()),
        ];
        for problem in problems {
            assert!(problem.to_string().contains("send"), "{problem}");
            assert!(problem.in_chinese().contains('发'), "{}", problem.in_chinese());
        }
    }

    #[test]
    fn a_decoder_that_ran_out_of_bytes_means_a_truncated_file() {
        let io = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        assert_eq!(ImageProblem::from_decoder(&image::ImageError::IoError(io)), ImageProblem::Truncated);
    }

    #[test]
    fn a_megabyte_count_is_readable() {
        let words = ImageProblem::TooManyBytes { bytes: 31_457_280, max: 20_971_520 }.in_chinese();
        assert!(words.contains("30.0 MB") && words.contains("20.0 MB"), "{words}");
    }
}
