//! Windows Update's offline scan file: `wsusscn2.cab`, its `package.cab` and `package.xml`, and `WSUSSCAN.cab` of packages.

mod package_xml;
