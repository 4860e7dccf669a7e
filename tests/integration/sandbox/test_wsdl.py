"""Python's zeep, a stock SOAP client, against the WSDL. Exit 77 (skipped) where zeep is not to be had."""

import os
import subprocess
import sys
import tempfile
import urllib.request
import xml.dom.minidom

from sandbox import Sandbox, order, status_of


def zeep_or_skip(folder):
    try:
        import zeep
        return zeep
    except ImportError:
        done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", folder, "zeep==4.2.1"],
                              capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            print("skipped: zeep is not installed and pip cannot get it:", done.stderr.strip().splitlines()[-1:], file=sys.stderr)
            sys.exit(77)
        sys.path.insert(0, folder)
        import zeep
        return zeep


def main():
    with tempfile.TemporaryDirectory() as folder:
        prima = Sandbox()
        try:
            with urllib.request.urlopen(prima.url + "/wsdl?targetURI=urn:omlink", timeout=20) as reply:
                xml.dom.minidom.parseString(reply.read())
            zeep = zeep_or_skip(folder)
            client = zeep.Client(prima.url + "/wsdl?targetURI=urn:omlink")
            answer = client.service.wsomhandler(order("1", CustomerSurname="Zoë <&>"))
            assert isinstance(answer, str) and 'RequestStatus="OK"' in answer, answer
            answer = client.service.comwsomhandler("01", status_of("1"))
            assert 'RequestStatus="ERROR" RequestError="Order 1 not found"' in answer, answer
            assert prima.sql("SELECT company, surname FROM orders") == [("", "Zoë <&>")]
            prima.fault({"kind": "soap_fault", "text": "boom"})
            try:
                client.service.wsomhandler("<Request/>")
                raise AssertionError("no fault")
            except zeep.exceptions.Fault as fault:
                assert fault.message == "boom", fault
        finally:
            prima.stop()
    print("zeep", zeep.__version__, "ok")


if __name__ == "__main__":
    assert os.environ["PRIMA_SANDBOX"]
    main()
