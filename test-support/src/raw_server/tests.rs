use super::*;

#[tokio::test]
async fn connections_follow_their_scripts() {
    let scripts = [
        vec![
            RawStep::ReceiveHead,
            RawStep::Receive(2),
            RawStep::send("HTTP/9.9 garbage"),
            RawStep::Fin,
        ],
        vec![RawStep::Stall, RawStep::Rst],
    ];
    let server = RawServer::start(scripts).await.unwrap();

    let mut first = TcpStream::connect(server.address()).await.unwrap();
    first.write_all(b"GET / HTTP/1.1\r\n\r\nab").await.unwrap();
    let mut answer = Vec::new();
    first.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/9.9 garbage");

    let mut second = TcpStream::connect(server.address()).await.unwrap();
    server.resume();
    let error = second.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);

    assert_eq!(server.received(), [b"GET / HTTP/1.1\r\n\r\nab".to_vec(), Vec::new()]);
}
