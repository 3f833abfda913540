import grpc, sys, threading, time
from concurrent import futures
ident = lambda b: b
class H(grpc.GenericRpcHandler):
    def service(self, d):
        m = d.method.rsplit("/",1)[1]
        def uu(r, c): return r
        def us(r, c):
            for i in range(200): yield r
        def su(it, c): return b"%d" % sum(1 for _ in it)
        def ss(it, c):
            for r in it: yield r
        def slow(r, c):
            time.sleep(5); return r
        return {"Unary": grpc.unary_unary_rpc_method_handler(uu), "Down": grpc.unary_stream_rpc_method_handler(us),
          "Up": grpc.stream_unary_rpc_method_handler(su), "Both": grpc.stream_stream_rpc_method_handler(ss),
          "Slow": grpc.unary_unary_rpc_method_handler(slow)}[m]
port = int(sys.argv[1])
if sys.argv[2] == "server":
    s = grpc.server(futures.ThreadPoolExecutor(40)); s.add_generic_rpc_handlers((H(),)); s.add_insecure_port("127.0.0.1:%d" % port); s.start(); time.sleep(30); sys.exit()
ch = grpc.insecure_channel("127.0.0.1:%d" % port)
u = ch.unary_unary("/echo.Echo/Unary"); 
for i in range(150): assert u(b"hello %d" % i, timeout=5) == b"hello %d" % i
fs = [u.future(b"x" * 100, timeout=5) for _ in range(50)]; [f.result() for f in fs]
assert len(list(ch.unary_stream("/echo.Echo/Down")(b"y" * 500, timeout=5))) == 200
assert ch.stream_unary("/echo.Echo/Up")(iter([b"z" * 20] * 300), timeout=5) == b"300"
n = 0
for r in ch.stream_stream("/echo.Echo/Both")(iter([b"w"] * 200), timeout=5): n += 1
assert n == 200
slow = ch.unary_unary("/echo.Echo/Slow")
fs = [slow.future(b"s", timeout=5) for _ in range(30)]; time.sleep(.3); [f.cancel() for f in fs]; time.sleep(.3)
for i in range(20): u(b"after", timeout=5)
ch.close(); time.sleep(.2); print("ok")
