//! How mail goes out: into a folder, or by SMTP.

use std::{fs, io::Write, path::PathBuf};

use lettre::{Message, SmtpTransport, Transport, message::header::ContentType};
use maru_kernel::{Error, Result};

pub enum Post {
    /// One file a mail, for demos and tests: what would have been sent.
    Folder(PathBuf),
    Smtp(SmtpTransport),
    /// No mail; the inbox is all there is.
    None,
}

const FROM: &str = "Maru <no-reply@maru.invalid>";

impl Post {
    /// `smtp://…`, `smtps://…`, or a folder.
    pub fn parse(text: &str) -> Result<Post> {
        if text.starts_with("smtp://") || text.starts_with("smtps://") {
            let transport = SmtpTransport::from_url(text).map_err(Error::internal)?;
            return Ok(Post::Smtp(transport.build()));
        }
        let folder = PathBuf::from(text);
        fs::create_dir_all(&folder).map_err(Error::internal)?;
        Ok(Post::Folder(folder))
    }

    pub fn channel(&self) -> &'static str {
        match self {
            Post::Folder(_) => "folder",
            Post::Smtp(_) => "smtp",
            Post::None => "none",
        }
    }

    /// Sends one mail; `id` makes a repeated one recognisable.
    pub fn send(&self, id: &str, to: &str, subject: &str, body: &str) -> Result<()> {
        let mail = Message::builder()
            .from(FROM.parse().map_err(Error::internal)?)
            .to(to.parse().map_err(Error::internal)?)
            .message_id(Some(format!("<{id}@maru.invalid>")))
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(body.to_owned())
            .map_err(Error::internal)?;
        match self {
            Post::None => Ok(()),
            Post::Smtp(transport) => transport.send(&mail).map(|_| ()).map_err(Error::internal),
            Post::Folder(folder) => {
                let beside = folder.join(format!(".{id}.part"));
                let mut file = fs::File::create(&beside).map_err(Error::internal)?;
                file.write_all(&mail.formatted()).and_then(|()| file.sync_all()).map_err(Error::internal)?;
                fs::rename(&beside, folder.join(format!("{id}.eml"))).map_err(Error::internal)?;
                // The name is on disk only when the folder is.
                fs::File::open(folder).and_then(|f| f.sync_all()).map_err(Error::internal)
            }
        }
    }
}
